// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/start_container.h"

#include "backend/keeper/runtime/cgroups.h"
#include "backend/keeper/runtime/leftovers.h"
#include "backend/keeper/runtime/oci_bundle.h"
#include "backend/keeper/runtime/oci_runtime.h"
#include "backend/keeper/runtime/process_handle.h"
#include "backend/keeper/runtime/user_namespace.h"
#include "backend/keeper/storage/sandbox_root.h"

#include <algorithm>
#include <fcntl.h>
#include <format>
#include <optional>
#include <unistd.h>

namespace caisson::keeper {

namespace {

IdRange idsOf(const ContainerSpec& spec, const KeeperNamespaces& namespaces)
{
    if (namespaces.privilege == Privilege::Root)
        return {spec.idBase, kSandboxIds};
    return {0, namespaces.ids};
}

std::string workspaceFromOutside(const api::Sandbox& sandbox, const std::string& root)
{
    for (const api::Mount& mount : sandbox.mounts) {
        if (mount.target == sandbox.workspace)
            return mount.source;
    }
    return std::format("/proc/{}/root{}{}", ::getpid(), root, sandbox.workspace);
}

/// no_new_privs makes these modes idle inside. On a folder of the host they would not be: anybody
/// there who runs such a file becomes its owner, who is whoever started the sandbox.
SpecialModes specialModesFor(const std::vector<api::Mount>& mounts)
{
    return std::ranges::all_of(mounts, &api::Mount::readOnly) ? SpecialModes::Allow
                                                              : SpecialModes::Refuse;
}

} // namespace

Result<Container> startContainer(ContainerSpec spec, const KeeperNamespaces& namespaces)
{
    const IdRange ids = idsOf(spec, namespaces);
    std::vector<std::string> notes = namespaces.notes;

    // 1. Open what lies on the host, as long as nothing is covered.
    const UniqueFd init(::open(spec.initProgram.c_str(), O_PATH | O_CLOEXEC));
    if (!init)
        return failErrno("cannot open " + spec.initProgram);
    std::optional<IdMap> idMap;
    if (namespaces.privilege == Privilege::Root) {
        auto created = IdMap::create(ids);
        if (!created)
            return std::unexpected(created.error());
        idMap = std::move(*created);
    }
    const IdMap* shift = idMap ? &*idMap : nullptr;
    const auto shared = openSharedFolders(spec.sandbox.mounts, shift, notes);
    if (!shared)
        return std::unexpected(shared.error());

    // 2. Put the root together: base, layers, the host's folders, init, mounted folders.
    const auto stage = mountStage({spec.folder, spec.bases, spec.runFolder});
    if (!stage)
        return std::unexpected(stage.error());
    auto root = mountSandboxRoot({.sandboxName = spec.sandbox.name,
                                  .sandboxFolder = spec.folder,
                                  .bases = spec.bases,
                                  .layers = {spec.folder + "/layers/0001"},
                                  .initProgram = init.get(),
                                  .ids = ids,
                                  .idMap = shift,
                                  .shared = &*shared,
                                  .authorityPem = spec.authorityPem},
                                 *stage);
    if (!root)
        return std::unexpected(root.error());

    // 3. Bound it.
    const auto cgroups =
        Cgroups::create(spec.sandbox.id, spec.sandbox.limits.asked, cgroupRecord(spec.folder));
    if (!cgroups)
        return std::unexpected(cgroups.error());

    // 4. Describe it to the runtime, and let that start it.
    const SpecialModes modes = specialModesFor(spec.sandbox.mounts);
    const std::string bundle = stage->path + "/bundle";
    if (auto written =
            writeBundle(bundle, {spec.sandbox, root->path, ids, modes, root->trustBundle});
        !written)
        return std::unexpected(written.error());
    const auto initPid = runContainer({.program = spec.sandbox.runtime,
                                       .stateRoot = runtimeStateRoot(spec.runFolder),
                                       .container = spec.sandbox.id,
                                       .bundle = bundle,
                                       .link = spec.link.get(),
                                       .log = spec.log,
                                       .specialModes = modes},
                                      *cgroups);
    if (!initPid)
        return std::unexpected(initPid.error());

    // 5. Hold on to it. It is this process's child: its number is not given to another before it
    // is reaped.
    auto process = openProcess(*initPid);
    if (!process)
        return std::unexpected(process.error());
    api::AppliedLimits applied = cgroups->applied();
    applied.notes.insert(applied.notes.end(), notes.begin(), notes.end());
    applied.notes.insert(applied.notes.end(), root->notes.begin(), root->notes.end());
    return Container{.initPid = *initPid,
                     .process = std::move(*process),
                     .applied = std::move(applied),
                     .workspaceHost = workspaceFromOutside(spec.sandbox, root->path),
                     .cgroups = cgroups->folders(),
                     .baseUse = std::move(root->baseUse)};
}

} // namespace caisson::keeper
