// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/list_channel.h"

#include "backend/api/codec.h"
#include "backend/init/file_entry.h"
#include "backend/init/folder_reader.h"
#include "backend/init/link.h"
#include "backend/init/workers.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace caisson::init {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

} // namespace

ListChannel::ListChannel(ChannelSite site, api::ListRequest request)
    : Channel(std::move(site))
    , m_request(std::move(request))
{
}

void ListChannel::start()
{
    spawnDetached(m_site.executor, [](std::shared_ptr<ListChannel> self) -> Task<void> {
        co_await self->run();
        self->m_site.finished();
    }(shared_from_this()));
}

Result<ListChannel::Opened> ListChannel::open(const std::string& path)
{
    if (Result<void> checked = checkPath(path); !checked)
        return std::unexpected(checked.error());
    Opened opened;
    opened.folder.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened.folder)
        return failFile("list", path);
    const auto buffer = std::make_unique<std::array<char, 32768>>();
    FolderReader reader(opened.folder.get(), buffer->data(), buffer->size());
    FolderReader::Entry entry;
    while (reader.next(entry))
        opened.names.emplace_back(entry.name);
    if (reader.failure() != 0)
        return std::unexpected(fileError(reader.failure(), "list", path));
    std::ranges::sort(opened.names);
    return opened;
}

Task<void> ListChannel::run()
{
    const Result<Opened> opened =
        co_await m_site.workers.run([this] { return open(m_request.path.bytes); });
    if (!opened) {
        m_site.reply(std::unexpected(opened.error()));
        co_return;
    }
    m_site.reply(api::toJson(api::Empty{}));

    // The text of the list without entries, cut where they belong. Quotes within the path are
    // escaped in JSON, so this is found nowhere else.
    const std::string frame = api::toJson(api::FileList{m_request.path, {}});
    constexpr std::string_view noEntries = "\"entries\":[]";
    const std::size_t cut = frame.find(noEntries) + noEntries.size() - 1;
    if (!co_await sendText(std::string_view(frame).substr(0, cut)))
        co_return;
    for (std::size_t next = 0; next < opened->names.size();) {
        const std::string text =
            co_await m_site.workers.run([&, this] { return nextEntries(*opened, next); });
        if (!co_await sendText(text))
            co_return;
    }
    if (co_await sendText(std::string_view(frame).substr(cut)))
        m_outlet.sendEnd();
}

std::string ListChannel::nextEntries(const Opened& opened, std::size_t& next)
{
    std::string text;
    for (; next < opened.names.size() && text.size() < kPiece; ++next) {
        const std::string& name = opened.names[next];
        const Result<api::FileEntry> entry =
            readEntryAt(opened.folder.get(), name, m_request.path.bytes + "/" + name);
        if (!entry)
            continue; // removed since the names were read
        if (std::exchange(m_anyWritten, true))
            text += ',';
        text += api::toJson(*entry);
    }
    return text;
}

/// False: the channel was closed.
Task<bool> ListChannel::sendText(std::string_view text)
{
    while (!text.empty()) {
        const std::size_t allowed = co_await m_outlet.allowance(1);
        if (allowed == 0)
            co_return false;
        const std::string_view piece = text.substr(0, std::min(allowed, kPiece));
        m_outlet.send(piece);
        text.remove_prefix(piece.size());
    }
    co_return true;
}

} // namespace caisson::init
