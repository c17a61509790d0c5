// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/base/unique_fd.h"
#include "backend/init/channel.h"

#include <memory>
#include <string>
#include <vector>

namespace caisson::init {

/// A folder's entries as the JSON of one FileList, sent as Data.
///
/// Only the names are held; an entry is looked at when its piece of the text is sent. A folder of
/// 100,000 files is 25 MB of text, and as a tree of JSON values several times that.
class ListChannel : public Channel, public std::enable_shared_from_this<ListChannel>
{
public:
    ListChannel(ChannelSite site, api::ListRequest request);
    void start();

private:
    struct Opened
    {
        UniqueFd folder;
        std::vector<std::string> names; ///< sorted by their bytes
    };
    static Result<Opened> open(const std::string& path);

    Task<void> run();
    Task<bool> sendText(std::string_view text);
    /// The text of entries from `next` on, until it is long enough for a frame.
    std::string nextEntries(const Opened& opened, std::size_t& next);

    api::ListRequest m_request;
    bool m_anyWritten = false; ///< the next entry needs a comma before it
};

} // namespace caisson::init
