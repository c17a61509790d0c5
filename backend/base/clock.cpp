// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/base/clock.h"

#include "backend/base/files.h"

#include <algorithm>
#include <charconv>

namespace caisson {

using namespace std::chrono_literals;

std::string toRfc3339(WallTime time)
{
    using namespace std::chrono;
    // By hand, since each request of a sandbox is written down with its time. What WallTime can
    // hold ends in the year 2262.
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<milliseconds>(time - day));
    std::string text = "0000-00-00T00:00:00.000Z";
    const auto put = [&text](std::size_t end, auto number) {
        for (auto left = static_cast<unsigned>(number); left > 0; left /= 10)
            text[--end] = static_cast<char>('0' + left % 10);
    };
    put(4, static_cast<int>(date.year()));
    put(7, static_cast<unsigned>(date.month()));
    put(10, static_cast<unsigned>(date.day()));
    put(13, clock.hours().count());
    put(16, clock.minutes().count());
    put(19, clock.seconds().count());
    put(23, clock.subseconds().count());
    return text;
}

std::string nowRfc3339()
{
    return toRfc3339(std::chrono::system_clock::now());
}

std::optional<WallTime> fromRfc3339(std::string_view text)
{
    using namespace std::chrono;
    const auto number = [&](std::size_t at, std::size_t size) -> std::optional<int> {
        int value = 0;
        if (at + size > text.size())
            return std::nullopt;
        const char* last = text.data() + at + size;
        const auto [end, error] = std::from_chars(text.data() + at, last, value);
        return error == std::errc() && end == last && text[at] != '-' ? std::optional(value)
                                                                      : std::nullopt;
    };
    constexpr std::string_view kForm = "0000-00-00T00:00:00";
    if (text.size() <= kForm.size())
        return std::nullopt;
    for (std::size_t at = 0; at < kForm.size(); ++at) {
        const char c = text[at] == 't' || text[at] == ' ' ? 'T' : text[at];
        if (kForm[at] != '0' && c != kForm[at])
            return std::nullopt;
    }
    const auto y = number(0, 4), mo = number(5, 2), d = number(8, 2), h = number(11, 2),
               mi = number(14, 2), s = number(17, 2);
    if (!y || !mo || !d || !h || !mi || !s || *h > 23 || *mi > 59 || *s > 60)
        return std::nullopt;
    const year_month_day date(year(*y), month(static_cast<unsigned>(*mo)),
                              day(static_cast<unsigned>(*d)));
    if (!date.ok())
        return std::nullopt;
    auto time = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s) + nanoseconds(0);
    std::size_t at = kForm.size();
    if (text[at] == '.') {
        nanoseconds unit = 100ms;
        const std::size_t first = ++at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
            time += unit * (text[at] - '0');
        if (at == first)
            return std::nullopt;
    }
    const std::string_view zone = text.substr(std::min(at, text.size()));
    if (zone == "Z" || zone == "z")
        return time_point_cast<WallTime::duration>(time);
    const auto hour = number(at + 1, 2), minute = number(at + 4, 2);
    if (zone.size() != 6 || zone[3] != ':' || (zone[0] != '+' && zone[0] != '-') || !hour ||
        !minute || *hour > 23 || *minute > 59)
        return std::nullopt;
    const auto offset = hours(*hour) + minutes(*minute);
    return time_point_cast<WallTime::duration>(zone[0] == '+' ? time - offset : time + offset);
}

std::string bootId()
{
    Result<std::string> text = readFile("/proc/sys/kernel/random/boot_id");
    if (!text)
        return {};
    while (text->ends_with('\n'))
        text->pop_back();
    return std::move(*text);
}

} // namespace caisson
