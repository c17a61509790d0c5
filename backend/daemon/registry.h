// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/async.h"
#include "backend/api/keeperlink.h"
#include "backend/api/paths.h"
#include "backend/api/types.h"
#include "backend/base/error.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace caisson::daemon {

using Record = api::SandboxRecord;

/// The sandboxes of one home, in memory and on disk. Changes are written in order by a thread of
/// their own, since an fsync(2) takes as long as starting a sandbox; whoever makes or renames one
/// waits for it with flush(). A crash leaves the old record or the new one, and a state that was
/// not written yet is found anew from the keepers that are there.
class Registry
{
public:
    explicit Registry(api::Paths paths);
    /// Waits for what is still being written.
    ~Registry();

    /// Reads what is there. A folder whose record cannot be read is left alone and logged.
    Result<void> load();

    /// By id, else by name. NotFound says which name.
    Result<Record*> find(const std::string& idOrName);
    std::vector<Record*> all();

    /// A new one with a folder of its own. Exists for a name that is taken.
    Result<Record*> create(const api::CreateSandbox& request);
    Result<void> rename(Record& record, const std::string& name);
    void save(const Record& record);
    /// The policy file that a sandbox is made with; its keeper reads it when it starts.
    void savePolicy(const std::string& id, std::string toml);
    /// Returns when everything saved before is on disk; the first failure since the last flush.
    api::Task<Result<void>> flush();
    /// Forgets it; its folder is moved to where `remains()` finds it.
    Result<void> remove(const std::string& id);

    /// Folders of removed sandboxes whose files are still to be deleted.
    std::vector<std::string> remains() const;

private:
    Result<void> checkNameFree(const std::string& name) const;
    Result<std::int64_t> freeIdBase() const;
    std::string recordPath(const std::string& id) const;
    void write(std::string path, std::string text);

    api::Paths m_paths;
    std::map<std::string, Record> m_records; ///< by id; references stay valid
    struct Writer;
    std::unique_ptr<Writer> m_writer;
};

} // namespace caisson::daemon
