// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/names.h"

#include <array>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sys/random.h>

namespace caisson::api {

namespace {

constexpr std::size_t kMaxLabel = 63; // RFC 1035, 2.3.4

bool isLowerOrDigit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool looksLikeId(std::string_view name)
{
    return name.size() == 12 && name.find_first_not_of("0123456789abcdef") == name.npos;
}

constexpr std::array kAdjectives{"amber", "bold",  "brisk", "calm",  "clear", "cool",  "coral",
                                 "crisp", "deep",  "early", "fair",  "fleet", "fresh", "glad",
                                 "grand", "keen",  "light", "lucid", "mild",  "misty", "neat",
                                 "noble", "pale",  "plain", "quick", "quiet", "rapid", "sharp",
                                 "still", "swift", "tidal", "warm"};
constexpr std::array kNouns{"anchor",  "basin",  "bay",    "beacon", "buoy",  "canal",  "cove",
                            "current", "delta",  "dock",   "eddy",   "fjord", "gull",   "harbor",
                            "heron",   "inlet",  "island", "jetty",  "kelp",  "lagoon", "marsh",
                            "otter",   "pier",   "pilot",  "reef",   "river", "shoal",  "sound",
                            "spray",   "strait", "tide",   "wharf"};

struct SignalName
{
    const char* name;
    int number;
};
constexpr std::array kSignals{
    SignalName{"HUP", SIGHUP},   SignalName{"INT", SIGINT},    SignalName{"QUIT", SIGQUIT},
    SignalName{"ABRT", SIGABRT}, SignalName{"KILL", SIGKILL},  SignalName{"USR1", SIGUSR1},
    SignalName{"USR2", SIGUSR2}, SignalName{"PIPE", SIGPIPE},  SignalName{"ALRM", SIGALRM},
    SignalName{"TERM", SIGTERM}, SignalName{"CHLD", SIGCHLD},  SignalName{"CONT", SIGCONT},
    SignalName{"STOP", SIGSTOP}, SignalName{"TSTP", SIGTSTP},  SignalName{"TTIN", SIGTTIN},
    SignalName{"TTOU", SIGTTOU}, SignalName{"WINCH", SIGWINCH}};

} // namespace

Result<void> checkSandboxName(std::string_view name)
{
    const auto refuse = [&](const char* why) {
        return fail(ErrorCode::InvalidName,
                    std::string("that name cannot be a sandbox's: ") + why +
                        "; use 1 to 63 of a-z, 0-9 and '-', beginning and ending with a letter or "
                        "digit");
    };
    if (name.empty())
        return refuse("it is empty");
    if (name.size() > kMaxLabel)
        return refuse("it is longer than 63 characters");
    for (const char c : name) {
        if (!isLowerOrDigit(c) && c != '-')
            return refuse("it has a character other than a-z, 0-9 and '-'");
    }
    if (name.front() == '-' || name.back() == '-')
        return refuse("it begins or ends with '-'");
    if (looksLikeId(name))
        return refuse("it looks like an id");
    return {};
}

std::string inventSandboxName()
{
    unsigned char bytes[3] = {};
    [[maybe_unused]] const ssize_t got = getrandom(bytes, sizeof bytes, 0);
    return std::string(kAdjectives[bytes[0] % kAdjectives.size()]) + "-" +
           kNouns[bytes[1] % kNouns.size()] + "-" + std::to_string(10 + bytes[2] % 90);
}

Result<void> checkVariableName(std::string_view name)
{
    if (name.empty() || name.find('=') != name.npos || name.find('\0') != name.npos)
        return fail(ErrorCode::BadRequest,
                    "a variable's name must not be empty nor hold '=' or a NUL byte");
    return {};
}

namespace {

/// A decimal number, then a suffix out of `units`.
template<std::size_t N>
Result<std::int64_t> parseWithUnit(std::string_view text, const char* what,
                                   const std::array<std::pair<std::string_view, double>, N>& units)
{
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    const std::string_view suffix(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (error == std::errc() && number >= 0) {
        for (const auto& [unit, factor] : units) {
            if (suffix == unit && number * factor < 9e18)
                return static_cast<std::int64_t>(number * factor);
        }
    }
    return fail(ErrorCode::BadRequest,
                "\"" + std::string(text.substr(0, 64)) + "\" is not " + std::string(what));
}

} // namespace

Result<std::int64_t> parseSize(std::string_view text)
{
    constexpr double k = 1024;
    static constexpr std::array<std::pair<std::string_view, double>, 9> units{
        {{"", 1},
         {"k", k},
         {"K", k},
         {"m", k * k},
         {"M", k * k},
         {"g", k * k * k},
         {"G", k * k * k},
         {"t", k * k * k * k},
         {"T", k * k * k * k}}};
    return parseWithUnit(text, "a size such as 512m or 2g", units);
}

Result<std::int64_t> parseDuration(std::string_view text)
{
    static constexpr std::array<std::pair<std::string_view, double>, 5> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
    return parseWithUnit(text, "a duration such as 30s or 10m", units);
}

Result<int> parseSignal(std::string_view text)
{
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 64)
        return number;
    std::string_view name = text;
    if (name.starts_with("SIG"))
        name.remove_prefix(3);
    for (const SignalName& row : kSignals) {
        if (name == row.name)
            return row.number;
    }
    return fail(ErrorCode::BadRequest,
                "\"" + std::string(text.substr(0, 32)) + "\" is not a signal; say INT, TERM, 9 …");
}

} // namespace caisson::api
