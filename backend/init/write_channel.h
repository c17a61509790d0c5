// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/init/atomic_file.h"
#include "backend/init/channel.h"

#include <memory>

namespace caisson::init {

/// A file being written from Data.
class WriteChannel : public Channel, public std::enable_shared_from_this<WriteChannel>
{
public:
    WriteChannel(ChannelSite site, api::WriteRequest request);
    void start();
    void abandon() override;

private:
    Task<void> run();
    Task<Result<api::FileEntry>> receive();

    api::WriteRequest m_request;
    std::unique_ptr<AtomicFile> m_file;
};

} // namespace caisson::init
