// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/ctl/hidden_input.h"

#include "backend/base/files.h"
#include "backend/base/unique_fd.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace caisson::ctl {

namespace {

constexpr std::size_t kLongestLine = 80 * 1024;
constexpr char kInterrupt = 3; // Ctrl-C

/// Echo and signals off as long as this lives. Without signals, none can leave the terminal so.
class QuietTerminal
{
public:
    explicit QuietTerminal(int fd)
        : m_fd(fd)
    {
        m_changed = ::tcgetattr(fd, &m_before) == 0;
        termios quiet = m_before;
        // Byte by byte: a line of the terminal's own ends at 4,096 (N_TTY_BUF_SIZE).
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ISIG | ICANON);
        quiet.c_cc[VMIN] = 1;
        quiet.c_cc[VTIME] = 0;
        m_changed = m_changed && ::tcsetattr(fd, TCSAFLUSH, &quiet) == 0;
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal()
    {
        if (m_changed)
            ::tcsetattr(m_fd, TCSAFLUSH, &m_before);
    }
    bool isQuiet() const { return m_changed; }
    char eraseKey() const { return static_cast<char>(m_before.c_cc[VERASE]); }
    char killKey() const { return static_cast<char>(m_before.c_cc[VKILL]); }
    char endKey() const { return static_cast<char>(m_before.c_cc[VEOF]); }

private:
    int m_fd;
    termios m_before{};
    bool m_changed = false;
};

/// nullptr: none is named.
const char* passphraseFile()
{
    const char* path = std::getenv("CAISSON_PASSPHRASE_FILE");
    return path && *path != '\0' ? path : nullptr;
}

} // namespace

Result<std::string> askHidden(const std::string& question)
{
    const UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
    if (!terminal)
        return fail(ErrorCode::Unavailable, "there is no terminal to ask on");
    std::string answer;
    answer.reserve(kLongestLine); // never moved: that would leave copies
    bool isInterrupted = false;
    {
        const QuietTerminal quiet(terminal.get());
        if (!quiet.isQuiet())
            return fail(ErrorCode::Unavailable, "the terminal does not hide what is typed");
        if (Result<void> asked = writeAll(terminal.get(), question); !asked)
            return std::unexpected(asked.error());
        for (;;) {
            char c = 0;
            const ssize_t got = ::read(terminal.get(), &c, 1);
            if (got < 0 && errno == EINTR)
                continue;
            isInterrupted = got <= 0 || c == kInterrupt;
            if (isInterrupted || c == '\n' || c == '\r' || c == quiet.endKey())
                break;
            if (c == quiet.eraseKey() || c == '\b') {
                // A whole character of UTF-8.
                while (!answer.empty() && (answer.back() & 0xc0) == 0x80)
                    answer.pop_back();
                if (!answer.empty())
                    answer.pop_back();
            } else if (c == quiet.killKey()) {
                wipe(answer);
            } else if (answer.size() < kLongestLine) {
                answer += c;
            }
        }
    }
    (void)writeAll(terminal.get(), "\n");
    if (!isInterrupted)
        return answer;
    wipe(answer);
    return fail(ErrorCode::Cancelled, "nothing was changed: the question was not answered");
}

Result<std::string> readStandardInput(std::size_t limit)
{
    std::string text;
    text.reserve(limit + 1);
    text.resize(limit + 1);
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(STDIN_FILENO, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failErrno("cannot read standard input");
        if (got == 0)
            break;
        size += static_cast<std::size_t>(got);
    }
    if (size > limit) {
        wipe(text);
        return fail(ErrorCode::TooLarge, "standard input is larger than expected");
    }
    text.resize(size);
    return text;
}

std::string passphraseFileAdvice()
{
    const char* path = passphraseFile();
    struct stat about{};
    if (!path || ::stat(path, &about) != 0 || !S_ISREG(about.st_mode) || (about.st_mode & 077) == 0)
        return {};
    return std::string("CAISSON_PASSPHRASE_FILE: others may read or change ") + path +
           "; keep it to yourself with: chmod 600 " + path;
}

std::optional<Result<std::string>> passphraseFromFile()
{
    constexpr std::size_t kLargestPassphrase = 4096; // the service's limit
    const char* path = passphraseFile();
    if (!path)
        return std::nullopt;
    Result<std::string> text = readFile(path, kLargestPassphrase);
    if (!text)
        return fail(text.error().code, "CAISSON_PASSPHRASE_FILE: " + text.error().message);
    if (text->ends_with('\n'))
        text->pop_back();
    return text;
}

void wipe(std::string& text)
{
    text.resize(text.capacity());
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

} // namespace caisson::ctl
