// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/terminal/teletype_writer.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <termios.h>

#include <QLoggingCategory>

namespace caisson {

namespace {

Q_LOGGING_CATEGORY(logTeletype, "caisson.terminal")

int duplicateRaw(int slaveFd)
{
    termios mode{};
    if (tcgetattr(slaveFd, &mode) == 0) {
        cfmakeraw(&mode);
        if (tcsetattr(slaveFd, TCSANOW, &mode) != 0)
            qCWarning(logTeletype, "tcsetattr: %s", std::strerror(errno));
    }
    const int fd = fcntl(slaveFd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        qCWarning(logTeletype, "the emulator's terminal: %s", std::strerror(errno));
    return fd;
}

} // namespace

TeletypeWriter::TeletypeWriter(int slaveFd, QObject* parent)
    : QObject(parent)
    , m_fd(duplicateRaw(slaveFd))
    , m_notifier(m_fd.get(), QSocketNotifier::Write)
{
    m_notifier.setEnabled(false);
    connect(&m_notifier, &QSocketNotifier::activated, this, &TeletypeWriter::writeSome);
}

void TeletypeWriter::write(const QByteArray& bytes)
{
    if (bytes.isEmpty())
        return;
    m_queue.push_back(bytes);
    m_queued += bytes.size();
    m_notifier.setEnabled(true);
}

void TeletypeWriter::writeSome()
{
    qsizetype budget = kChunk;
    while (!m_queue.empty() && budget > 0) {
        const QByteArray& first = m_queue.front();
        const qsizetype wanted = qMin(first.size() - m_offset, budget);
        const ssize_t written = ::write(m_fd.get(), first.constData() + m_offset, wanted);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN) {
                // Only a bug or a kernel without terminals gets here; the queue would grow for ever.
                qCWarning(logTeletype, "the emulator takes no more: %s", std::strerror(errno));
                m_queue.clear();
                m_offset = 0;
                m_queued = 0;
            }
            break;
        }
        m_offset += written;
        m_queued -= written;
        budget -= written;
        if (m_offset == first.size()) {
            m_queue.pop_front();
            m_offset = 0;
        }
        if (written < wanted)
            break; // the kernel's buffer is full; the notifier tells when it is not
    }
    m_notifier.setEnabled(!m_queue.empty());
}

} // namespace caisson
