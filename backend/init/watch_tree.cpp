// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/watch_tree.h"

#include "backend/base/log.h"
#include "backend/init/file_entry.h"
#include "backend/init/folder_reader.h"
#include "backend/init/temporary_name.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace caisson::init {

namespace {

constexpr std::uint32_t kFolderEvents = IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE |
                                        IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR |
                                        IN_EXCL_UNLINK;
constexpr std::uint32_t kRootEvents = kFolderEvents | IN_DELETE_SELF | IN_MOVE_SELF;

/// What a name stands for is another afterwards.
constexpr std::uint32_t kNameEvents = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

constexpr std::size_t kBufferSize = 64 * 1024;

/// The halves of a rename are queued one right after the other; what other threads of the kernel
/// put in between is little.
constexpr std::size_t kLookAhead = 32;

Error limitError(int number, const std::string& path)
{
    if (number == ENOSPC) {
        return {ErrorCode::NoSpace,
                "cannot watch all folders of " + path +
                    ": the limit of watches is reached; raise fs.inotify.max_user_watches on the "
                    "host, or exclude folders",
                {}};
    }
    if (number == EMFILE) {
        return {ErrorCode::NoSpace,
                "cannot watch " + path +
                    ": the limit of watchers is reached; raise fs.inotify.max_user_instances on "
                    "the host",
                {}};
    }
    return fileError(number, "watch", path);
}

bool isFolder(int parent, const FolderReader::Entry& entry)
{
    if (entry.type != DT_UNKNOWN)
        return entry.type == DT_DIR;
    struct stat info;
    return ::fstatat(parent, entry.name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

/// A file made without a name (O_TMPFILE of open(2)) goes by "#" and its inode in the kernel's
/// events; a file may of course be called so.
bool isNameless(const std::string& name, const std::string& path)
{
    return name.size() > 1 && name.front() == '#' &&
           name.find_first_not_of("0123456789", 1) == name.npos &&
           ::access(path.c_str(), F_OK) != 0;
}

} // namespace

WatchTree::WatchTree(std::string path, PathFilter filter)
    : m_path(std::move(path))
    , m_filter(std::move(filter))
    , m_buffer(kBufferSize)
{
}

Result<std::unique_ptr<WatchTree>> WatchTree::create(const std::string& path, PathFilter filter)
{
    if (Result<void> checked = checkPath(path); !checked)
        return std::unexpected(checked.error());
    std::unique_ptr<WatchTree> tree(new WatchTree(withoutTrailingSlashes(path), std::move(filter)));
    tree->m_inotify.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!tree->m_inotify)
        return std::unexpected(limitError(errno, path));
    if (tree->watchRoot() == Scan::Failed)
        return std::unexpected(limitError(tree->m_failure, path));
    return tree;
}

// ---- setting up ---------------------------------------------------------------------------------

/// Through the descriptor, so that what is watched is what is read, however deep it lies.
int WatchTree::addWatch(int folder, std::uint32_t mask)
{
    const std::string path = "/proc/self/fd/" + std::to_string(folder);
    return ::inotify_add_watch(m_inotify.get(), path.c_str(), mask);
}

WatchTree::Scan WatchTree::watchRoot()
{
    const UniqueFd folder(::open(m_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const int watch = folder ? addWatch(folder.get(), kRootEvents) : -1;
    if (watch < 0) {
        m_failure = errno;
        return Scan::Failed;
    }
    m_root = std::make_unique<Node>();
    m_root->watch = watch;
    m_nodes[watch] = m_root.get();
    return readFolder(folder.get(), *m_root, Report::Nothing, nullptr);
}

/// Watches the folder `name` and all below it. One that is gone again or may not be read is left
/// out; so is one that is watched there already.
WatchTree::Scan WatchTree::watchChild(int parentFolder, Node& parent, const std::string& name,
                                      Report report, WatchLog* log)
{
    if (!entersFolder(parent, name))
        return Scan::Done;
    const UniqueFd folder(
        ::openat(parentFolder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    int watch = folder ? addWatch(folder.get(), kFolderEvents) : -1;
    Node* const known = watch < 0 ? nullptr : nodeOf(watch);
    if (known != nullptr) {
        if (known->parent == &parent && known->name == name)
            return Scan::Done;
        for (const Node* ancestor = &parent; ancestor != nullptr; ancestor = ancestor->parent) {
            if (ancestor == known)
                return Scan::Done; // mounted within itself
        }
        // It was moved here, and the kernel's word of that is still in the queue. By then nobody
        // could tell any more what of it was told under which name, so it is begun anew.
        forget(detach(*known->parent, known->name));
        watch = addWatch(folder.get(), kFolderEvents);
    }
    if (watch < 0) {
        m_failure = errno;
        const bool limit = errno == ENOSPC || errno == ENOMEM || errno == EMFILE || errno == ENFILE;
        return limit ? Scan::Failed : Scan::Done;
    }
    auto node = std::make_unique<Node>();
    node->watch = watch;
    m_nodes[watch] = node.get();
    // Two folders have had this name since the last read, and what is still to be told of it may be
    // of either.
    m_isConfused = m_isConfused || parent.children.contains(name);
    Node& attached = attach(parent, name, std::move(node));
    return readFolder(folder.get(), attached, report, log);
}

WatchTree::Scan WatchTree::readFolder(int folder, Node& node, Report report, WatchLog* log)
{
    FolderReader reader(folder, m_buffer.data(), m_buffer.size());
    FolderReader::Entry entry;
    std::vector<std::string> folders;
    while (reader.next(entry)) {
        const bool directory = isFolder(folder, entry);
        if (report == Report::Created) {
            const std::string relative = relativePath(node, entry.name);
            if (reports(relative))
                log->created(absolutePath(relative), directory);
            node.found.emplace(entry.name);
            m_scannedNow.insert(&node);
        }
        if (directory)
            folders.emplace_back(entry.name);
    }
    for (const std::string& name : folders) {
        if (watchChild(folder, node, name, report, log) == Scan::Failed)
            return Scan::Failed;
    }
    return Scan::Done;
}

/// Whether the kernel has more to say of the folder's name, or of one on the way to it: what is
/// there now may be another folder than the one it speaks of.
bool WatchTree::isToldOfLater(const Node& parent, const std::string& name)
{
    readQueue(); // up to now
    const Node* node = &parent;
    const std::string* part = &name;
    while (node != nullptr) {
        for (const Change& later : m_queue) {
            if (later.watch == node->watch && (later.mask & IN_ISDIR) != 0 &&
                (later.mask & kNameEvents) != 0 && later.name == *part)
                return true;
        }
        part = &node->name;
        node = node->parent;
    }
    return false;
}

WatchTree::Scan WatchTree::watchNewFolder(Node& parent, const std::string& name, WatchLog& log)
{
    if (isToldOfLater(parent, name)) {
        m_postponed.emplace_back(parent.watch, name);
        return Scan::Done;
    }
    const std::string path = absolutePath(relativePath(parent));
    const UniqueFd folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        return Scan::Done; // gone again; the kernel will say so
    return watchChild(folder.get(), parent, name, Report::Created, &log);
}

bool WatchTree::entersFolder(const Node& parent, const std::string& name) const
{
    return !temporaryKind(name) && m_filter.entersFolder(relativePath(parent, name));
}

// ---- the nodes ----------------------------------------------------------------------------------

WatchTree::Node* WatchTree::nodeOf(int watch) const
{
    const auto found = m_nodes.find(watch);
    return found == m_nodes.end() ? nullptr : found->second;
}

WatchTree::Node& WatchTree::attach(Node& parent, const std::string& name,
                                   std::unique_ptr<Node> node)
{
    forget(detach(parent, name));
    node->parent = &parent;
    node->name = name;
    return *(parent.children[name] = std::move(node));
}

std::unique_ptr<WatchTree::Node> WatchTree::detach(Node& parent, std::string_view name)
{
    const auto found = parent.children.find(name);
    if (found == parent.children.end())
        return nullptr;
    std::unique_ptr<Node> node = std::move(found->second);
    parent.children.erase(found);
    return node;
}

void WatchTree::forget(std::unique_ptr<Node> node)
{
    if (!node)
        return;
    for (auto& [name, child] : node->children)
        forget(std::move(child));
    m_nodes.erase(node->watch);
    m_scannedNow.erase(node.get());
    m_scannedBefore.erase(node.get());
    // Fails where the kernel has removed the watch with the folder.
    ::inotify_rm_watch(m_inotify.get(), node->watch);
}

std::string WatchTree::relativePath(const Node& node, std::string_view name) const
{
    std::string path(name);
    for (const Node* at = &node; at->parent != nullptr; at = at->parent)
        path = path.empty() ? at->name : at->name + "/" + path;
    return path;
}

std::string WatchTree::absolutePath(const std::string& relative) const
{
    if (relative.empty())
        return m_path;
    return m_path == "/" ? m_path + relative : m_path + "/" + relative;
}

bool WatchTree::reports(const std::string& relative) const
{
    const std::size_t slash = relative.find_last_of('/');
    const std::size_t name = slash == relative.npos ? 0 : slash + 1;
    return !temporaryKind(std::string_view(relative).substr(name)) && m_filter.reports(relative);
}

// ---- the kernel's word --------------------------------------------------------------------------

void WatchTree::readQueue()
{
    for (;;) {
        const ssize_t size = ::read(m_inotify.get(), m_buffer.data(), m_buffer.size());
        if (size <= 0)
            return; // EAGAIN: all is read
        for (const char* at = m_buffer.data(); at < m_buffer.data() + size;) {
            const auto* const event = reinterpret_cast<const inotify_event*>(at);
            m_queue.push_back({event->wd, event->mask, event->cookie,
                               event->len > 0 ? std::string(event->name) : std::string()});
            at += sizeof(inotify_event) + event->len;
        }
        if (m_queue.size() > WatchLog::kMostEvents)
            return; // the rest the next time: what is here is reported first
    }
}

WatchTree::State WatchTree::read(WatchLog& log)
{
    m_scannedBefore.merge(m_scannedNow);
    m_scannedNow.clear();
    readQueue();
    const State state = process(log);
    if (m_queue.empty()) {
        for (Node* const node : std::exchange(m_scannedBefore, {}))
            node->found.clear();
    }
    return state;
}

WatchTree::State WatchTree::endMoment(WatchLog& log)
{
    m_notAwaited = m_queue.size();
    return process(log);
}

/// The place in the queue of what belongs to its first change; 0: not there.
std::size_t WatchTree::secondHalf() const
{
    for (std::size_t i = 1; i < std::min(m_queue.size(), kLookAhead); ++i) {
        if ((m_queue[i].mask & IN_MOVED_TO) != 0 && m_queue[i].cookie == m_queue.front().cookie)
            return i;
    }
    return 0;
}

WatchTree::State WatchTree::process(WatchLog& log)
{
    State state = State::Watching;
    while (!m_queue.empty() && state == State::Watching) {
        const bool half = (m_queue.front().mask & IN_MOVED_FROM) != 0;
        const std::size_t other = half ? secondHalf() : 0;
        if (half && other == 0 && m_notAwaited == 0 && m_queue.size() < kLookAhead)
            return state;
        const Change change = std::move(m_queue.front());
        std::optional<Change> arrival;
        if (other != 0) {
            arrival = std::move(m_queue[other]);
            m_queue.erase(m_queue.begin() + static_cast<std::ptrdiff_t>(other));
            if (other < m_notAwaited)
                --m_notAwaited;
        }
        m_queue.pop_front();
        if (m_notAwaited > 0)
            --m_notAwaited;
        state = arrival ? handleMove(change, *arrival, log) : handle(change, log);
    }
    if (state == State::Watching && m_queue.empty())
        state = watchPostponed(log);
    return m_isConfused && state == State::Watching ? rescan(log) : state;
}

/// All is told: what is there now under the names is what was meant.
WatchTree::State WatchTree::watchPostponed(WatchLog& log)
{
    for (const auto& [watch, name] : std::exchange(m_postponed, {})) {
        Node* const parent = nodeOf(watch);
        if (parent == nullptr || parent->children.contains(name))
            continue; // gone, or looked at meanwhile
        if (watchNewFolder(*parent, name, log) == Scan::Failed)
            return stop(log);
    }
    return State::Watching;
}

WatchTree::State WatchTree::handle(const Change& change, WatchLog& log)
{
    if ((change.mask & IN_Q_OVERFLOW) != 0)
        return rescan(log);
    Node* const node = nodeOf(change.watch);
    if (node == nullptr)
        return State::Watching; // of a folder that is not in the tree any more
    constexpr std::uint32_t ended = IN_IGNORED | IN_UNMOUNT | IN_DELETE_SELF | IN_MOVE_SELF;
    if ((change.mask & ended) != 0) {
        if (node == m_root.get())
            return stop(log);
        forget(detach(*node->parent, node->name));
        return State::Watching;
    }
    if (change.name.empty())
        return State::Watching; // of the folder itself: its parent tells the same by name

    if ((change.mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        return handleArrival(*node, change, log);

    const std::string relative = relativePath(*node, change.name);
    const bool directory = (change.mask & IN_ISDIR) != 0;
    if ((change.mask & (IN_DELETE | IN_MOVED_FROM)) != 0) {
        node->found.erase(change.name);
        if (directory)
            forget(detach(*node, change.name));
        if (reports(relative))
            log.deleted(absolutePath(relative), directory);
    } else if (reports(relative) && !isNameless(change.name, absolutePath(relative))) {
        log.modified(absolutePath(relative), directory);
    }
    return State::Watching;
}

WatchTree::State WatchTree::handleArrival(Node& node, const Change& change, WatchLog& log)
{
    const bool directory = (change.mask & IN_ISDIR) != 0;
    const auto found = node.found.find(change.name);
    if (found != node.found.end()) {
        node.found.erase(found);
        if ((change.mask & IN_CREATE) != 0)
            return State::Watching; // reported, and watched, when it was found
    }
    const std::string relative = relativePath(node, change.name);
    if (reports(relative))
        log.created(absolutePath(relative), directory);
    if (directory && watchNewFolder(node, change.name, log) == Scan::Failed)
        return stop(log);
    return State::Watching;
}

WatchTree::State WatchTree::handleMove(const Change& from, const Change& to, WatchLog& log)
{
    Node* const fromNode = nodeOf(from.watch);
    Node* const toNode = nodeOf(to.watch);
    if (fromNode == nullptr)
        return handle(to, log);
    if (toNode == nullptr)
        return handle(from, log);
    fromNode->found.erase(from.name);
    toNode->found.erase(to.name);
    const std::string fromPath = relativePath(*fromNode, from.name);
    const std::string toPath = relativePath(*toNode, to.name);
    const bool directory = (from.mask & IN_ISDIR) != 0;
    const bool fromReported = reports(fromPath);
    const bool toReported = reports(toPath);
    // A folder that ought to be watched under its old name and is not was out of sight for a while:
    // its name had been another folder's, and with that one's end its watch was ended. What was
    // deleted in it meanwhile was not told, so it counts as another folder, too.
    const bool isAnother =
        directory && entersFolder(*fromNode, from.name) && !fromNode->children.contains(from.name);
    if (fromReported && toReported && isAnother) {
        log.deleted(absolutePath(fromPath), directory);
        log.created(absolutePath(toPath), directory);
    } else if (fromReported && toReported)
        log.moved(absolutePath(fromPath), absolutePath(toPath), directory);
    else if (fromReported)
        log.deleted(absolutePath(fromPath), directory);
    else if (toReported && temporaryKind(from.name) == TemporaryKind::Replaces)
        log.modified(absolutePath(toPath), directory);
    else if (toReported)
        log.created(absolutePath(toPath), directory);
    if (!directory)
        return State::Watching;

    std::unique_ptr<Node> node = detach(*fromNode, from.name);
    for (const Node* above = toNode; node && above != nullptr; above = above->parent) {
        if (above == node.get()) {
            // Into itself: one of the two is not the folder that it was taken for.
            m_isConfused = true;
            forget(std::move(node));
            return State::Watching;
        }
    }
    if (node && entersFolder(*toNode, to.name))
        attach(*toNode, to.name, std::move(node));
    else
        forget(std::move(node));
    // Also where it was watched: names are reused, and what is there now may be another folder.
    return watchNewFolder(*toNode, to.name, log) == Scan::Failed ? stop(log) : State::Watching;
}

WatchTree::State WatchTree::rescan(WatchLog& log)
{
    const int rootWatch = m_root->watch;
    const std::unordered_map<int, Node*> before = std::exchange(m_nodes, {});
    m_queue.clear();
    m_notAwaited = 0;
    m_isConfused = false;
    m_postponed.clear();
    m_scannedNow.clear();
    m_scannedBefore.clear();
    // Folders that are watched already keep their watch: the kernel knows them by inode.
    if (watchRoot() == Scan::Failed || m_root->watch != rootWatch)
        return stop(log);
    for (const auto& [watch, node] : before) {
        if (!m_nodes.contains(watch))
            ::inotify_rm_watch(m_inotify.get(), watch);
    }
    log.overflow();
    return State::Watching;
}

WatchTree::State WatchTree::stop(WatchLog& log)
{
    if (m_failure != 0)
        logWarning("the watch of {} ends: {}", m_path, limitError(m_failure, m_path).message);
    log.stopped();
    return State::Stopped;
}

} // namespace caisson::init
