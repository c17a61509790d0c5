// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/storage/sandbox_root.h"

#include "backend/base/log.h"
#include "backend/keeper/storage/base_layer.h"
#include "backend/keeper/storage/dpkg_overrides.h"
#include "backend/keeper/storage/etc_files.h"
#include "backend/keeper/storage/host_folders.h"
#include "backend/keeper/storage/mount_api.h"
#include "backend/keeper/storage/overlay.h"
#include "backend/keeper/storage/own_node.h"
#include "backend/keeper/storage/trust_bundle.h"

#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <sys/mount.h>
#include <sys/stat.h>

namespace caisson::keeper {

namespace {

Result<UniqueFd> openFolder(const std::string& path)
{
    UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd)
        return failErrno("cannot open " + path);
    return fd;
}

/// A folder of the keeper's own, made if it is missing.
Result<UniqueFd> ensureOwnFolder(const std::string& path, mode_t mode)
{
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
        return failErrno("cannot make " + path);
    return openFolder(path);
}

class RootBuilder
{
public:
    RootBuilder(const RootSpec& spec, const Stage& stage)
        : m_spec(spec)
        , m_stage(stage)
    {
    }

    Result<SandboxRoot> build()
    {
        if (auto made = makeFolders(); !made)
            return std::unexpected(made.error());
        if (auto made = makeTrustLayers(); !made)
            return std::unexpected(made.error());
        if (auto mounted = mountTop(); !mounted)
            return std::unexpected(mounted.error());
        if (auto mounted = mountHostFolders(); !mounted)
            return std::unexpected(mounted.error());
        writeNames();
        refreshAuthority();
        if (auto mounted = mountInit(); !mounted)
            return std::unexpected(mounted.error());
        if (auto attached = attachSharedFolders(*m_spec.shared, m_root.get(), m_spec.ids);
            !attached)
            return std::unexpected(attached.error());
        return std::move(m_result);
    }

private:
    Result<void> makeFolders()
    {
        for (const char* name : {"root", "lower"}) {
            if (::mkdirat(m_stage.folder.get(), name, 0755) != 0)
                return failErrno("cannot make the stage");
        }
        m_result.path = m_stage.path + "/root";
        m_work = m_spec.sandboxFolder + "/work";
        for (const std::string& path :
             {m_spec.sandboxFolder + "/layers", m_spec.layers.front(), m_work}) {
            if (auto made = ensureOwnFolder(path, 0700); !made)
                return std::unexpected(made.error());
        }
        return {};
    }

    /// The files that make the sandbox's authority trusted, in layers on the stage: they are those
    /// of this start and go with it.
    Result<void> makeTrustLayers()
    {
        if (m_spec.authorityPem.empty())
            return {};
        auto files = trustFiles(m_spec.authorityPem, {});
        if (!files)
            return std::unexpected(files.error());
        m_trust = std::move(*files);
        m_result.trustBundle = m_trust->bundle;
        if (auto made = makeTrustLayer("root", m_trust->root); !made)
            return made;
        return makeTrustLayer("usr", m_trust->usr);
    }

    Result<void> makeTrustLayer(const std::string& layer, const std::vector<OwnFile>& files)
    {
        auto folder =
            ensureNode(m_stage.folder.get(), "lower/trust-" + layer, NodeType::Folder, m_spec.ids);
        if (!folder)
            return std::unexpected(folder.error());
        for (const OwnFile& file : files) {
            if (auto written = writeOwnNode(folder->get(), file, m_spec.ids); !written)
                return written;
        }
        m_trustLayers[layer] = std::move(*folder);
        return {};
    }

    /// In what the sandbox has written over these. One that has made a mess of it starts without.
    void refreshAuthority()
    {
        if (!m_trust)
            return;
        if (auto done = refreshTrust(m_root.get(), *m_trust, m_spec.ids); !done)
            logWarning("sandbox {}: {}", m_spec.sandboxName, done.error().message);
    }

    Result<void> mountTop()
    {
        auto lower = baseLower();
        if (!lower)
            return std::unexpected(lower.error());
        auto overlay = layered("root", lower->get());
        if (!overlay)
            return std::unexpected(overlay.error());
        const auto target = openFolder(m_result.path);
        if (!target)
            return std::unexpected(target.error());
        m_root = std::move(*overlay);
        return attachMount(m_root.get(), target->get());
    }

    Result<void> mountHostFolders()
    {
        auto host = findHostFolders({});
        if (!host)
            return std::unexpected(host.error());
        std::string readOnly;
        for (const HostFolder& folder : host->folders) {
            auto target = ensureNode(m_root.get(), folder.path, NodeType::Folder, m_spec.ids);
            if (!target)
                return std::unexpected(target.error());
            auto mount = writableHostFolder(folder);
            if (mount && !*mount) {
                readOnly += (readOnly.empty() ? "" : ", ") + folder.path;
                mount = readOnlyHostFolder(folder);
            }
            if (!mount)
                return std::unexpected(mount.error());
            if (auto attached = attachMount(mount->get(), target->get()); !attached)
                return attached;
            if (folder.path == "/var/lib/dpkg")
                fitDpkg(mount->get());
        }
        if (!readOnly.empty())
            m_result.notes.push_back(m_spec.idMap
                                         ? "files: read-only are " + readOnly +
                                               ", since their file system cannot be id-mapped"
                                         : "files: read-only are " + readOnly +
                                               ", since they belong to this host's root");
        return {};
    }

    /// The host's folder under layers of the sandbox's own; no descriptor where that cannot be.
    Result<UniqueFd> writableHostFolder(const HostFolder& folder)
    {
        if (!m_spec.idMap)
            return UniqueFd();
        auto lower = cloneMount(folder.path, Submounts::Leave);
        if (!lower)
            return lower;
        if (!m_spec.idMap->applyTo(lower->get(), Submounts::Leave))
            return UniqueFd();
        if (auto attached = attachLower(lower->get(), folder.layer); !attached)
            return std::unexpected(attached.error());
        return layered(folder.layer, lower->get());
    }

    /// The host's folder below nothing: an overlay, though there is nothing to lay over it, since
    /// in a plain mount somebody's socket could be connected to. Its files are not the host's own.
    Result<UniqueFd> readOnlyHostFolder(const HostFolder& folder)
    {
        const auto none = ensureNode(m_stage.folder.get(), "lower/none", NodeType::Folder, {});
        if (!none)
            return std::unexpected(none.error());
        const auto host = openFolder(folder.path);
        if (!host)
            return std::unexpected(host.error());
        const auto trust = m_trustLayers.find(folder.layer);
        const int above = trust == m_trustLayers.end() ? none->get() : trust->second.get();
        const OverlayLayers layers{.lowers = {above, host->get()}};
        auto overlay =
            makeOverlay(layers, m_spec.idMap ? OverlayMarks::Trusted : OverlayMarks::User);
        return overlay ? std::move(overlay) : plainHostFolder(folder);
    }

    /// With what is mounted below, e.g. a /usr/local of its own: in a user namespace the kernel
    /// neither takes it away nor lays anything over a folder that has such.
    Result<UniqueFd> plainHostFolder(const HostFolder& folder)
    {
        auto mount = cloneMount(folder.path, Submounts::Take);
        if (!mount)
            return mount;
        if (auto set = setMountAttributes(mount->get(), MOUNT_ATTR_RDONLY, Submounts::Take); !set)
            return std::unexpected(set.error());
        m_result.notes.push_back("sockets: those of this host's programs in " + folder.path +
                                 " can be connected to, since nothing can be laid over it");
        return mount;
    }

    /// Once, before anything inside has changed the host's database to its own.
    void fitDpkg(int database)
    {
        const std::string own = m_spec.layers.front() + "/var-lib-dpkg/statoverride";
        if (!m_spec.idMap || ::faccessat(AT_FDCWD, own.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
            return;
        if (auto shortened = shortenOverrides(database, m_spec.ids); !shortened)
            logWarning("sandbox {}: {}", m_spec.sandboxName, shortened.error().message);
    }

    /// The shared base, shifted to this sandbox's ids, or one of its own where that cannot be.
    Result<UniqueFd> baseLower()
    {
        BaseOwner owner = BaseOwner::Shared;
        if (m_spec.idMap) {
            const auto probe = cloneMount(m_spec.sandboxFolder, Submounts::Leave);
            if (!probe)
                return std::unexpected(probe.error());
            if (!m_spec.idMap->applyTo(probe->get(), Submounts::Leave))
                owner = BaseOwner::Private;
        }
        auto base = ensureBaseLayer(m_spec.bases, {}, owner, m_spec.ids);
        if (!base)
            return std::unexpected(base.error());
        m_result.baseUse = std::move(base->use);
        if (!m_spec.idMap || owner == BaseOwner::Private)
            return openFolder(base->path);
        auto lower = cloneMount(base->path, Submounts::Leave);
        if (!lower)
            return lower;
        if (auto mapped = m_spec.idMap->applyTo(lower->get(), Submounts::Leave); !mapped)
            return std::unexpected(mapped.error());
        if (auto attached = attachLower(lower->get(), "root"); !attached)
            return std::unexpected(attached.error());
        return lower;
    }

    /// Overlayfs takes detached mounts for layers only since Linux 6.15.
    Result<void> attachLower(int mount, const std::string& layer)
    {
        auto target = ensureNode(m_stage.folder.get(), "lower/" + layer, NodeType::Folder, {});
        if (!target)
            return std::unexpected(target.error());
        return attachMount(mount, target->get());
    }

    /// The overlay of one of the root's mounts: this sandbox's layers above `lower`.
    Result<UniqueFd> layered(const std::string& layer, int lower)
    {
        auto upper = ensureOwnFolder(m_spec.layers.front() + "/" + layer, 0755);
        if (!upper)
            return upper;
        auto work = ensureOwnFolder(m_work + "/" + layer, 0700);
        if (!work)
            return work;
        // The top folder of an overlay has the attributes of its upper one.
        if (auto given = giveTo(upper->get(), "", m_spec.ids, 0, 0); !given)
            return std::unexpected(given.error());
        OverlayLayers layers{{}, upper->get(), work->get()};
        std::vector<UniqueFd> sealed;
        for (std::size_t i = 1; i < m_spec.layers.size(); ++i) {
            auto folder = openFolder(m_spec.layers[i] + "/" + layer);
            if (!folder)
                return folder;
            layers.lowers.push_back(folder->get());
            sealed.push_back(std::move(*folder));
        }
        if (const auto trust = m_trustLayers.find(layer); trust != m_trustLayers.end())
            layers.lowers.push_back(trust->second.get());
        layers.lowers.push_back(lower);
        return makeOverlay(layers, m_spec.idMap ? OverlayMarks::Trusted : OverlayMarks::User);
    }

    /// Host name and machine id, at the first start and when the sandbox was renamed; what a
    /// process inside changed in them meanwhile stays. A sandbox that has made a mess of its /etc
    /// starts without.
    void writeNames()
    {
        const auto etc = ensureNode(m_root.get(), "etc", NodeType::Folder, m_spec.ids);
        Result<void> written;
        if (!etc) {
            written = std::unexpected(etc.error());
        } else {
            if (::faccessat(etc->get(), "machine-id", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
                written = writeIn(etc->get(), machineIdFile());
            const std::vector<OwnFile> files = nameFiles(m_spec.sandboxName);
            if (written && smallFile(etc->get(), "hostname") != files.front().content) {
                for (const OwnFile& file : files) {
                    if (written)
                        written = writeIn(etc->get(), file);
                }
            }
        }
        if (!written)
            logWarning("sandbox {}: {}", m_spec.sandboxName, written.error().message);
    }

    Result<void> writeIn(int etc, OwnFile file)
    {
        file.path = file.path.substr(file.path.rfind('/') + 1);
        return writeOwnNode(etc, file, m_spec.ids);
    }

    static std::string smallFile(int folder, const char* name)
    {
        const UniqueFd file(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        char content[256];
        const ssize_t size = file ? ::read(file.get(), content, sizeof content) : 0;
        return size > 0 ? std::string(content, static_cast<std::size_t>(size)) : std::string();
    }

    Result<void> mountInit()
    {
        const std::string inside(kInitInside);
        const auto target = ensureNode(m_root.get(), inside.substr(0, inside.rfind('/')),
                                       NodeType::Folder, m_spec.ids);
        if (!target)
            return std::unexpected(target.error());
        const auto tmpfs = makeTmpfs();
        if (!tmpfs)
            return std::unexpected(tmpfs.error());
        if (auto attached = attachMount(tmpfs->get(), target->get()); !attached)
            return attached;
        const auto node = ensureNode(m_root.get(), inside, NodeType::File, m_spec.ids);
        if (!node)
            return std::unexpected(node.error());
        const auto program = cloneMount(m_spec.initProgram, "init", Submounts::Leave);
        if (!program)
            return std::unexpected(program.error());
        // As root, so that init may be a file that only root can read. Where it cannot be mapped
        // it shows as nobody's, and has to be executable by all.
        if (m_spec.idMap) {
            if (auto mapped = m_spec.idMap->applyTo(program->get(), Submounts::Leave); !mapped)
                logDebug("init: {}", mapped.error().message);
        }
        constexpr auto attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
        if (auto set = setMountAttributes(program->get(), attributes, Submounts::Leave); !set)
            return set;
        if (auto attached = attachMount(program->get(), node->get()); !attached)
            return attached;
        return setMountAttributes(tmpfs->get(), attributes, Submounts::Leave);
    }

    const RootSpec& m_spec;
    const Stage& m_stage;
    std::string m_work;
    std::optional<TrustFiles> m_trust;
    std::map<std::string, UniqueFd> m_trustLayers; ///< by the name of the layer they lie below
    UniqueFd m_root;
    SandboxRoot m_result;
};

} // namespace

Result<SandboxRoot> mountSandboxRoot(const RootSpec& spec, const Stage& stage)
{
    return RootBuilder(spec, stage).build();
}

} // namespace caisson::keeper
