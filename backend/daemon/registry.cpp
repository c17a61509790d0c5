// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/registry.h"

#include "backend/api/codec.h"
#include "backend/api/names.h"
#include "backend/base/clock.h"
#include "backend/base/files.h"
#include "backend/base/id.h"
#include "backend/base/log.h"
#include "backend/daemon/id_ranges.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::daemon {

namespace {

/// Beside the sandboxes' folders, whose names are ids: this can be none.
constexpr const char* kRemainsPrefix = ".removed-";
constexpr int kNameTries = 20;

} // namespace

struct Registry::Writer
{
    api::asio::thread_pool thread{1};
    std::mutex mutex;
    Result<void> outcome; ///< the first failure; under the mutex
};

Registry::Registry(api::Paths paths)
    : m_paths(std::move(paths))
    , m_writer(std::make_unique<Writer>())
{
}

Registry::~Registry()
{
    m_writer->thread.join();
}

std::string Registry::recordPath(const std::string& id) const
{
    return m_paths.sandbox(id) + "/sandbox.json";
}

Result<void> Registry::load()
{
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(m_paths.sandboxes(), code)) {
        const std::string id = entry.path().filename();
        if (id.starts_with('.'))
            continue;
        const Result<std::string> text = readFile(recordPath(id));
        Result<Record> record = text ? api::fromJson<Record>(*text) : std::unexpected(text.error());
        if (!record || record->sandbox.id != id)
            logWarning("the sandbox in {} cannot be read and is left alone: {}",
                       entry.path().string(), record ? "wrong id" : record.error().message);
        else
            m_records[id] = std::move(*record);
    }
    if (code)
        return failErrno(code.value(), "cannot read " + m_paths.sandboxes());
    return {};
}

Result<Record*> Registry::find(const std::string& idOrName)
{
    if (const auto found = m_records.find(idOrName); found != m_records.end())
        return &found->second;
    for (auto& [id, record] : m_records) {
        if (record.sandbox.name == idOrName)
            return &record;
    }
    const std::string shown = idOrName.substr(0, 80);
    return fail(ErrorCode::NotFound, "there is no sandbox \"" + shown + "\"", {{"sandbox", shown}});
}

std::vector<Record*> Registry::all()
{
    std::vector<Record*> records;
    records.reserve(m_records.size());
    for (auto& [id, record] : m_records)
        records.push_back(&record);
    std::ranges::sort(records, {}, [](const Record* record) {
        return std::pair(record->sandbox.created, record->sandbox.id);
    });
    return records;
}

Result<void> Registry::checkNameFree(const std::string& name) const
{
    if (Result<void> checked = api::checkSandboxName(name); !checked)
        return checked;
    for (const auto& [id, record] : m_records) {
        if (record.sandbox.name == name)
            return fail(ErrorCode::Exists, "there is a sandbox \"" + name +
                                               "\" already; choose another name, or remove it");
    }
    return {};
}

Result<std::int64_t> Registry::freeIdBase() const
{
    if (::geteuid() != 0)
        return 0;
    std::set<std::int64_t> taken;
    for (const auto& [id, record] : m_records)
        taken.insert(record.idBase);
    return findFreeIdBase(taken);
}

Result<Record*> Registry::create(const api::CreateSandbox& request)
{
    std::string name = request.name;
    for (int i = 0; name.empty() && i < kNameTries; ++i) {
        const std::string invented = api::inventSandboxName();
        if (checkNameFree(invented))
            name = invented;
    }
    if (Result<void> isFree = checkNameFree(name); !isFree)
        return std::unexpected(isFree.error());
    const Result<std::int64_t> idBase = freeIdBase();
    if (!idBase)
        return std::unexpected(idBase.error());

    Record record;
    record.idBase = *idBase;
    record.sandbox.id = randomId();
    record.sandbox.name = name;
    record.sandbox.why = "not started yet";
    record.sandbox.limits.asked = request.limits;
    record.sandbox.created = nowRfc3339();
    record.sandbox.labels = request.labels;
    record.sandbox.env = request.env;
    record.sandbox.mounts = request.mounts;
    if (!request.runtime.empty())
        record.sandbox.runtime = request.runtime;
    const std::string folder = m_paths.sandbox(record.sandbox.id);
    if (::mkdir(folder.c_str(), 0700) != 0)
        return failErrno("cannot make the sandbox's folder " + folder);
    save(record);
    return &(m_records[record.sandbox.id] = std::move(record));
}

Result<void> Registry::rename(Record& record, const std::string& name)
{
    if (record.sandbox.name == name)
        return {};
    if (Result<void> isFree = checkNameFree(name); !isFree)
        return isFree;
    record.sandbox.name = name;
    save(record);
    return {};
}

void Registry::save(const Record& record)
{
    write(recordPath(record.sandbox.id), api::toJson(record) + "\n");
}

void Registry::savePolicy(const std::string& id, std::string toml)
{
    // Its keeper knows by this that there was a policy, should the other file get lost before it has
    // written either.
    write(m_paths.sandbox(id) + "/policy.json", "{}\n");
    write(m_paths.sandbox(id) + "/policy.toml", std::move(toml));
}

void Registry::write(std::string path, std::string text)
{
    api::asio::post(m_writer->thread,
                    [writer = m_writer.get(), path = std::move(path), text = std::move(text)] {
                        Result<void> written = writeFileAtomically(path, text);
                        if (written)
                            return;
                        logFailure("{}", written.error().message);
                        const std::lock_guard lock(writer->mutex);
                        if (writer->outcome)
                            writer->outcome = std::move(written);
                    });
}

api::Task<Result<void>> Registry::flush()
{
    // One thread takes one job after the other: when this one is done, so are those before it.
    co_await api::asio::co_spawn(
        m_writer->thread, []() -> api::Task<void> { co_return; }, api::asio::use_awaitable);
    const std::lock_guard lock(m_writer->mutex);
    co_return std::exchange(m_writer->outcome, {});
}

Result<void> Registry::remove(const std::string& id)
{
    const std::string folder = m_paths.sandbox(id);
    const std::string grave = m_paths.sandboxes() + "/" + kRemainsPrefix + id;
    if (::rename(folder.c_str(), grave.c_str()) != 0)
        return failErrno("cannot remove the sandbox's folder " + folder);
    m_records.erase(id);
    return {};
}

std::vector<std::string> Registry::remains() const
{
    std::vector<std::string> folders;
    std::error_code code;
    for (const auto& entry : std::filesystem::directory_iterator(m_paths.sandboxes(), code)) {
        if (entry.path().filename().string().starts_with(kRemainsPrefix))
            folders.push_back(entry.path());
    }
    return folders;
}

} // namespace caisson::daemon
