// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/keeperlink.h"
#include "backend/api/paths.h"
#include "backend/api/types.h"
#include "backend/base/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace caisson::daemon {

using Record = api::SandboxRecord;

/// The sandboxes of one home, in memory and on disk. Every change is written before it is told to
/// anybody; a crash leaves the old record or the new one.
class Registry
{
public:
    explicit Registry(api::Paths paths);

    /// Reads what is there. A folder whose record cannot be read is left alone and logged.
    Result<void> load();

    /// By id, else by name. NotFound says which name.
    Result<Record*> find(const std::string& idOrName);
    std::vector<Record*> all();

    /// A new one with a folder of its own. Exists for a name that is taken.
    Result<Record*> create(const api::CreateSandbox& request);
    Result<void> rename(Record& record, const std::string& name);
    Result<void> save(const Record& record);
    /// Forgets it; its folder is moved to where `remains()` finds it.
    Result<void> remove(const std::string& id);

    /// Folders of removed sandboxes whose files are still to be deleted.
    std::vector<std::string> remains() const;

private:
    Result<void> checkNameFree(const std::string& name) const;
    Result<std::int64_t> freeIdBase() const;
    std::string recordPath(const std::string& id) const;

    api::Paths m_paths;
    std::map<std::string, Record> m_records; ///< by id; references stay valid
};

} // namespace caisson::daemon
