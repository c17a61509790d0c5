// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/egress/capture/socket_inode.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace caisson::keeper {

namespace {

/// Of lo: also finds sockets that were bound to it (SO_BINDTODEVICE).
constexpr std::uint32_t kLoopback = 1;

struct Question
{
    nlmsghdr head;
    inet_diag_req_v2 body;
};

/// Answers to questions that nobody waited for must not be taken for this one's.
std::uint32_t nextSequence()
{
    static thread_local std::uint32_t sequence = 0;
    return ++sequence;
}

} // namespace

std::optional<std::uint64_t> socketInode(int socketDiagnosis, const ClientEnd& connection)
{
    const bool isV4 = connection.source.isV4();
    Question question{};
    question.head.nlmsg_len = sizeof question;
    question.head.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.head.nlmsg_flags = NLM_F_REQUEST;
    question.head.nlmsg_seq = nextSequence();
    question.body.sdiag_family = isV4 ? AF_INET : AF_INET6;
    question.body.sdiag_protocol = IPPROTO_TCP;
    question.body.idiag_states = ~0u;
    inet_diag_sockid& id = question.body.id;
    id.idiag_sport = htons(connection.sourcePort);
    id.idiag_dport = htons(connection.port);
    const std::size_t size = isV4 ? 4 : 16;
    std::memcpy(id.idiag_src, connection.source.bytes().data(), size);
    std::memcpy(id.idiag_dst, connection.destination.bytes().data(), size);
    id.idiag_if = kLoopback;
    id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (::send(socketDiagnosis, &question, sizeof question, MSG_NOSIGNAL) < 0)
        return std::nullopt;

    // The kernel answers within send(2).
    alignas(nlmsghdr) std::array<std::byte, 2048> room;
    while (true) {
        const ssize_t got = ::recv(socketDiagnosis, room.data(), room.size(), MSG_DONTWAIT);
        if (got < static_cast<ssize_t>(sizeof(nlmsghdr)))
            return std::nullopt;
        nlmsghdr head;
        std::memcpy(&head, room.data(), sizeof head);
        if (head.nlmsg_seq != question.head.nlmsg_seq)
            continue;
        nlmsgerr error;
        if (head.nlmsg_type == NLMSG_ERROR &&
            got >= static_cast<ssize_t>(NLMSG_LENGTH(sizeof error.error))) {
            std::memcpy(&error.error, room.data() + NLMSG_HDRLEN, sizeof error.error);
            return error.error == -ENOENT ? std::optional<std::uint64_t>(0) : std::nullopt;
        }
        inet_diag_msg found;
        if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
            got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof found)))
            return std::nullopt;
        std::memcpy(&found, room.data() + NLMSG_HDRLEN, sizeof found);
        // Where the connection has gone, the kernel offers whoever listens on its port.
        if (found.idiag_state == TCP_LISTEN || found.id.idiag_dport != id.idiag_dport)
            return 0;
        return found.idiag_inode;
    }
}

} // namespace caisson::keeper
