// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/error.h"
#include "backend/base/unique_fd.h"
#include "backend/init/glob.h"
#include "backend/init/watch_log.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace caisson::init {

/// A folder and all folders below it, watched by inotify(7). Links to folders are not entered.
/// Used by one thread.
///
/// The races of inotify and what is done about them:
///  - A folder is watched before it is read, and what is in a new folder already is reported as
///    created; what is both found and told by the kernel is reported once.
///  - The two halves of a rename may come in two reads: after the first the tree waits a moment
///    (wantsMoment()) for the second. Without it, it was a move out of the tree: deleted.
///  - A name may have been several folders' by the time the tree looks at it. Where it cannot tell
///    which of them the kernel speaks of, it does as when the queue overflows.
///  - When the kernel's queue overflows, all folders are looked at anew before that is reported.
class WatchTree
{
public:
    /// `path` is watched once this returns. NoSpace when the user's inotify watches are used up.
    static Result<std::unique_ptr<WatchTree>> create(const std::string& path, PathFilter filter);

    /// Readable when there is something to read.
    int descriptor() const { return m_inotify.get(); }

    enum class State { Watching, Stopped };

    /// Reads what there is and reports it to `log`. Stopped, with the event in the log: the folder
    /// was deleted, moved away or unmounted, or cannot be watched any more.
    State read(WatchLog& log);

    /// The first half of a rename was read last: call endMoment() if nothing comes for 2 ms.
    bool wantsMoment() const { return !m_queue.empty(); }
    State endMoment(WatchLog& log);

private:
    struct Node
    {
        int watch = -1;
        Node* parent = nullptr;
        std::string name;
        std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
        /// Found by a scan and reported; the kernel's event for it may still be in its queue.
        std::set<std::string, std::less<>> found;
    };
    struct Change
    {
        int watch;
        std::uint32_t mask;
        std::uint32_t cookie;
        std::string name;
    };
    enum class Report { Nothing, Created };
    enum class Scan { Done, Failed };

    WatchTree(std::string path, PathFilter filter);

    Scan watchRoot();
    Scan watchChild(int parentFolder, Node& parent, const std::string& name, Report report,
                    WatchLog* log);
    Scan readFolder(int folder, Node& node, Report report, WatchLog* log);
    State watchPostponed(WatchLog& log);
    bool isToldOfLater(const Node& parent, const std::string& name);
    Scan watchNewFolder(Node& parent, const std::string& name, WatchLog& log);
    int addWatch(int folder, std::uint32_t mask);
    bool entersFolder(const Node& parent, const std::string& name) const;

    Node& attach(Node& parent, const std::string& name, std::unique_ptr<Node> node);
    static std::unique_ptr<Node> detach(Node& parent, std::string_view name);
    void forget(std::unique_ptr<Node> node);
    Node* nodeOf(int watch) const;

    void readQueue();
    State process(WatchLog& log);
    std::size_t secondHalf() const;
    State handle(const Change& change, WatchLog& log);
    State handleArrival(Node& node, const Change& change, WatchLog& log);
    State handleMove(const Change& from, const Change& to, WatchLog& log);
    State rescan(WatchLog& log);
    State stop(WatchLog& log);

    std::string relativePath(const Node& node, std::string_view name = {}) const;
    std::string absolutePath(const std::string& relative) const;
    bool reports(const std::string& relative) const;

    std::string m_path;
    PathFilter m_filter;
    UniqueFd m_inotify;
    std::unique_ptr<Node> m_root;
    std::unordered_map<int, Node*> m_nodes;
    std::deque<Change> m_queue;
    std::size_t m_notAwaited = 0; ///< changes at the queue's front whose other half is given up
    /// Nodes with something in `found`: since the last read, and since the one before. What a scan
    /// and the kernel both tell of is in the queue by the next read; after that it is forgotten.
    std::unordered_set<Node*> m_scannedNow;
    std::unordered_set<Node*> m_scannedBefore;
    /// New folders, by the watch of the one they are in and their name, of whose names the kernel
    /// had more to say.
    std::vector<std::pair<int, std::string>> m_postponed;
    bool m_isConfused = false; ///< which folder is meant by a name is not certain any more
    int m_failure = 0;         ///< errno of a Scan::Failed
    std::vector<char> m_buffer;
};

} // namespace caisson::init
