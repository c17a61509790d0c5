// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"

#include <functional>
#include <string>
#include <sys/types.h>

namespace caisson::test {

/// Who the keeper is: root of the host, or an ordinary user who is root in a user namespace.
enum class As { Root, User };

/// Why this machine cannot play that part; empty if it can.
std::string whyNot(As as);

/// Runs `body` in a process of its own that is such a keeper. Failed expectations in it are
/// failures here.
void asKeeper(As as, const std::function<void()>& body);

/// A process that was forked from this one, and what it says.
class Child
{
public:
    /// `flags`: CLONE_NEW* or 0. What `body` returns is result().
    explicit Child(const std::function<std::string()>& body, int flags = 0);
    Child(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    /// Kills and reaps it.
    ~Child();

    pid_t pid() const { return m_pid; }
    /// Waits for its end; "timed out" if that takes more than 10 s.
    std::string result();
    /// Whether result() would return at once.
    bool isDone() const;

private:
    pid_t m_pid = -1;
    UniqueFd m_output;
};

/// A first process in user, network and pid namespaces of its own, as the OCI runtime makes them.
/// It runs `body`, or waits.
class Sandbox
{
public:
    explicit Sandbox(const std::function<void()>& body = {});

    pid_t init() const { return m_init.pid(); }

    /// Starts a process in the namespaces of users and networks. It has all capabilities there,
    /// which is more than a real sandbox grants.
    Child start(const std::function<std::string()>& body) const;
    std::string run(const std::function<std::string()>& body) const { return start(body).result(); }

private:
    Child m_init;
};

} // namespace caisson::test
