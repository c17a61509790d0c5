// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMetaObject>
#include <QObject>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace caisson::desk {

/// Where the backend thread leaves values for an object of the GUI thread, in order. The owner is
/// told once and then takes all that came meanwhile, so a flood costs one event a turn of its loop.
template<class T>
class Mailbox
{
public:
    /// `onMail` is called on the owner's thread.
    Mailbox(QObject* owner, std::function<void()> onMail)
        : m_owner(owner)
        , m_onMail(std::move(onMail))
    {
    }

    /// Any thread.
    void put(T value)
    {
        const std::scoped_lock lock(m_mutex);
        if (!m_owner)
            return;
        m_values.push_back(std::move(value));
        if (!std::exchange(m_told, true))
            QMetaObject::invokeMethod(m_owner, m_onMail, Qt::QueuedConnection);
    }

    /// The owner's thread.
    std::vector<T> takeAll()
    {
        const std::scoped_lock lock(m_mutex);
        m_told = false;
        return std::exchange(m_values, {});
    }

    /// The owner's thread, before the owner goes: nothing is delivered any more.
    void close()
    {
        const std::scoped_lock lock(m_mutex);
        m_owner = nullptr;
        m_values.clear();
    }

private:
    std::mutex m_mutex;
    QObject* m_owner;
    std::function<void()> m_onMail;
    std::vector<T> m_values;
    bool m_told = false;
};

} // namespace caisson::desk
