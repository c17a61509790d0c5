// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/secret_store.h"

#include "backend/api/codec.h"
#include "backend/base/clock.h"
#include "backend/base/files.h"
#include "backend/base/log.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::daemon {

using api::Task;

namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLargestValue = 64 * 1024;
constexpr std::size_t kLargestPassphrase = 4096;
constexpr std::size_t kMostSecrets = 1000;
constexpr std::size_t kMostUses = 50; ///< a secret: that many sandboxes are shown

constexpr std::chrono::seconds kBetweenWrites(5);

// Words of the wire.
constexpr const char* kKeychain = "keychain";
constexpr const char* kFile = "file";
constexpr const char* kReboot = "reboot";

bool isNameCharacter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/// What a header's value may not hold, but for the tab.
bool isControl(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

std::string indexPath(const api::Paths& paths)
{
    return paths.data + "/secrets.json";
}

std::string sealedPath(const api::Paths& paths)
{
    return paths.data + "/secrets.sealed";
}

} // namespace

Result<void> checkSecretName(std::string_view name)
{
    if (name.empty() || name.size() > kLongestName || !std::ranges::all_of(name, isNameCharacter))
        return fail(ErrorCode::InvalidName,
                    "a secret's name is 1 to 64 letters, digits, '-', '_' and '.'");
    return {};
}

Result<std::string_view> secretValueOf(std::string_view value)
{
    if (value.ends_with('\n'))
        value.remove_suffix(1);
    if (value.empty())
        return fail(ErrorCode::BadRequest, "the value is empty; give it on standard input");
    if (value.size() > kLargestValue)
        return fail(ErrorCode::TooLarge, "the value is larger than 64 KiB");
    const auto found = std::ranges::find_if(value, isControl);
    if (found == value.end())
        return value;
    const char* what = *found == '\n'   ? "a line break"
                       : *found == '\r' ? "a carriage return"
                       : *found == '\0' ? "a NUL byte"
                                        : "a control character";
    return fail(ErrorCode::BadRequest,
                "the value holds " + std::string(what) + " at byte " +
                    std::to_string(found - value.begin() + 1) +
                    ", and it is to stand in one line of a request; give it without");
}

/// Files are written and keys made by one thread, one after the other.
struct SecretStore::Worker
{
    api::asio::thread_pool thread{1};
};

/// One change after the other: each has steps on the worker, and another between them would leave
/// the file and the memory at odds.
class SecretStore::Turn
{
public:
    explicit Turn(SecretStore& store)
        : m_store(&store)
    {
        store.m_isBusy = true;
    }
    Turn(Turn&& other) noexcept
        : m_store(std::exchange(other.m_store, nullptr))
    {
    }
    Turn& operator=(Turn&&) = delete;
    ~Turn()
    {
        if (!m_store)
            return;
        m_store->m_isBusy = false;
        m_store->m_idle.notifyAll();
    }

private:
    SecretStore* m_store;
};

Task<SecretStore::Turn> SecretStore::takeTurn()
{
    while (m_isBusy)
        co_await m_idle.wait();
    co_return Turn(*this);
}

template<class Work>
auto SecretStore::onWorker(Work work) -> Task<std::invoke_result_t<Work>>
{
    // Named, and not a temporary of the co_await: its captures live in the coroutine's frame.
    auto run = [](Work todo) -> Task<std::invoke_result_t<Work>> { co_return todo(); };
    co_return co_await api::asio::co_spawn(m_worker->thread, run(std::move(work)),
                                           api::asio::use_awaitable);
}

SecretStore::SecretStore(api::asio::any_io_executor executor, const api::Paths& paths,
                         Options options)
    : m_executor(std::move(executor))
    , m_indexPath(indexPath(paths))
    , m_options(std::move(options))
    , m_keyring(m_options.keyring ? std::optional(paths.home) : std::nullopt)
    , m_file(sealedPath(paths))
    , m_idle(m_executor)
    , m_worker(std::make_unique<Worker>())
{
}

SecretStore::~SecretStore()
{
    m_worker->thread.join();
    if (!m_usesWaiting)
        return;
    if (Result<void> written = writeFileAtomically(m_indexPath, indexText()); !written)
        logWarning("{}", written.error().message);
}

void SecretStore::load()
{
    if (::access(m_indexPath.c_str(), F_OK) == 0) {
        const Result<std::string> text = readFile(m_indexPath);
        const Result<api::SecretList> index =
            text ? api::fromJson<api::SecretList>(*text) : std::unexpected(text.error());
        // What it says of times and uses is worth less than a service that starts.
        if (!index)
            logFailure("{} cannot be read and is begun anew: {}", m_indexPath,
                       index.error().message);
        else
            for (const api::SecretInfo& info : index->secrets) {
                if (checkSecretName(info.name))
                    m_entries[info.name] = info;
            }
    }
    for (auto& [name, info] : m_entries) {
        std::optional<SecretText> value = m_keyring.find(name);
        info.known = value.has_value();
        if (value)
            m_values.insert_or_assign(name, std::move(*value));
    }
    if (!m_options.passphraseFile.empty() && m_file.exists())
        api::spawnDetached(m_executor, unlockAtStart(), "opening the file of secrets");
}

Task<void> SecretStore::unlockAtStart()
{
    const Turn turn = co_await takeTurn();
    Result<SecretText> passphrase = passphraseFromFile();
    const Result<void> opened = passphrase ? co_await openFile(std::move(*passphrase))
                                           : std::unexpected(passphrase.error());
    if (!opened)
        logFailure("the file of secrets stays closed: {}", opened.error().message);
    else
        tell(Change::Values);
}

Result<SecretText> SecretStore::passphraseFromFile() const
{
    Result<std::string> text = readFile(m_options.passphraseFile, kLargestPassphrase);
    if (!text)
        return fail(text.error().code, "CAISSON_PASSPHRASE_FILE: " + text.error().message);
    if (struct stat about{};
        ::stat(m_options.passphraseFile.c_str(), &about) == 0 && (about.st_mode & 077) != 0)
        logWarning("CAISSON_PASSPHRASE_FILE: others may read or change {}",
                   m_options.passphraseFile);
    std::string_view passphrase = *text;
    if (passphrase.ends_with('\n'))
        passphrase.remove_suffix(1);
    SecretText kept(passphrase);
    cleanse(*text);
    return kept;
}

/// Afterwards there is a file, and its key is here.
Task<Result<void>> SecretStore::openFile(SecretText passphrase)
{
    struct Opened
    {
        std::shared_ptr<const SealingKey> key;
        std::map<std::string, SecretText> values;
    };
    Result<Opened> opened =
        co_await onWorker([this, passphrase = std::move(passphrase)]() -> Result<Opened> {
            Result<SealingKey> key = m_file.open(passphrase);
            if (!key)
                return std::unexpected(key.error());
            Result<std::map<std::string, SecretText>> values = m_file.values(*key);
            if (!values)
                return std::unexpected(values.error());
            return Opened{std::make_shared<const SealingKey>(std::move(*key)), std::move(*values)};
        });
    if (!opened)
        co_return std::unexpected(opened.error());
    m_fileKey = std::move(opened->key);
    takeValues(std::move(opened->values));
    co_return Result<void>{};
}

/// Of a file that was opened: what is at hand already is newer.
void SecretStore::takeValues(std::map<std::string, SecretText> values)
{
    for (auto& [name, value] : values) {
        if (!checkSecretName(name) || m_values.contains(name))
            continue;
        api::SecretInfo& info = entry(name);
        info.lasts = kFile;
        if (info.created.empty())
            info.created = nowRfc3339();
        hold(name, std::move(value));
    }
}

api::SecretInfo& SecretStore::entry(const std::string& name)
{
    api::SecretInfo& info = m_entries[name];
    info.name = name;
    return info;
}

void SecretStore::hold(const std::string& name, SecretText value)
{
    m_onlyHere.erase(name);
    if (const Result<void> stored = m_keyring.store(name, value.view()); !stored)
        m_onlyHere.insert(name);
    m_values.insert_or_assign(name, std::move(value));
    entry(name).known = true;
}

// ---- what is asked -----------------------------------------------------------------------------

api::SecretList SecretStore::list() const
{
    api::SecretList list;
    for (const auto& [name, info] : m_entries)
        list.secrets.push_back(info);
    list.locked = !m_fileKey && m_file.exists();
    return list;
}

const SecretText* SecretStore::value(const std::string& name) const
{
    const auto found = m_values.find(name);
    return found == m_values.end() ? nullptr : &found->second;
}

bool SecretStore::holdsTheOnlyCopy() const
{
    return !m_onlyHere.empty();
}

Task<Result<api::SecretInfo>> SecretStore::put(std::string name, api::PutSecret secret)
{
    SecretText passphrase(secret.passphrase);
    cleanse(secret.passphrase);
    const Result<std::string_view> trimmed = secretValueOf(secret.value);
    SecretText value(trimmed ? *trimmed : std::string_view());
    const Result<void> fits = trimmed ? Result<void>() : std::unexpected(trimmed.error());
    cleanse(secret.value);
    if (Result<void> named = checkSecretName(name); !named)
        co_return std::unexpected(named.error());
    if (!fits)
        co_return std::unexpected(fits.error());
    if (!secret.lasts.empty() && secret.lasts != kKeychain && secret.lasts != kFile)
        co_return fail(ErrorCode::BadRequest,
                       "\"lasts\" is \"keychain\", \"file\" or left out; anything else is the "
                       "service's");
    if (!m_entries.contains(name) && m_entries.size() >= kMostSecrets)
        co_return fail(ErrorCode::NoSpace, "there are 1,000 secrets already; remove some");

    const Turn turn = co_await takeTurn();
    const bool inKeychain = secret.lasts == kKeychain;
    if (passphrase.empty() && !inKeychain && !m_fileKey && !m_options.passphraseFile.empty()) {
        Result<SecretText> fromFile = passphraseFromFile();
        if (!fromFile)
            co_return std::unexpected(fromFile.error());
        passphrase = std::move(*fromFile);
    }
    if (!passphrase.empty()) {
        if (Result<void> opened = co_await openFile(std::move(passphrase)); !opened)
            co_return std::unexpected(opened.error());
    }
    if (!m_file.exists())
        m_fileKey.reset(); // somebody began anew
    const bool inFile = m_fileKey && !inKeychain;
    if (secret.lasts == kFile && !inFile)
        co_return fail(
            ErrorCode::BadRequest,
            "there is no passphrase to keep it with; give one, or name a file with it in "
            "CAISSON_PASSPHRASE_FILE before the service starts",
            {{"passphrase", "missing"}});
    // A value from before must not come back out of the file, whoever opens it later.
    const Result<void> filed =
        co_await onWorker([&, key = inFile ? m_fileKey : nullptr]() -> Result<void> {
            return key ? m_file.put(*key, name, value) : m_file.erase(name);
        });
    if (!filed)
        co_return std::unexpected(filed.error());
    api::SecretInfo& info = entry(name);
    info.created = nowRfc3339();
    info.lasts = inKeychain ? kKeychain : inFile ? kFile : kReboot;
    hold(name, std::move(value));
    const Result<void> written = co_await writeIndex();
    tell(Change::Values);
    if (!written)
        co_return std::unexpected(written.error());
    co_return entry(name);
}

Task<Result<void>> SecretStore::remove(std::string name)
{
    const Turn turn = co_await takeTurn();
    if (m_entries.erase(name) == 0)
        co_return fail(ErrorCode::NotFound, "there is no secret \"" + name.substr(0, 80) + "\"",
                       {{"secret", name.substr(0, 80)}});
    m_values.erase(name);
    m_onlyHere.erase(name);
    m_keyring.erase(name);
    tell(Change::Values);
    const Result<void> filed = co_await onWorker([&] { return m_file.erase(name); });
    const Result<void> written = co_await writeIndex();
    co_return filed ? written : filed;
}

Task<Result<api::SecretList>> SecretStore::unlock(std::string passphrase)
{
    SecretText given(passphrase);
    cleanse(passphrase);
    if (!m_file.exists())
        co_return fail(ErrorCode::NotFound,
                       "no secrets are stored with a passphrase; there is nothing to unlock");
    const Turn turn = co_await takeTurn();
    if (Result<void> opened = co_await openFile(std::move(given)); !opened)
        co_return std::unexpected(opened.error());
    const Result<void> written = co_await writeIndex();
    tell(Change::Values);
    if (!written)
        co_return std::unexpected(written.error());
    co_return list();
}

// ---- uses --------------------------------------------------------------------------------------

void SecretStore::noteUse(const std::string& name, api::SecretUse use)
{
    const auto found = m_entries.find(name);
    if (found == m_entries.end())
        return;
    std::vector<api::SecretUse>& uses = found->second.uses;
    std::erase_if(uses, [&](const api::SecretUse& other) { return other.sandbox == use.sandbox; });
    uses.insert(uses.begin(), std::move(use));
    if (uses.size() > kMostUses)
        uses.resize(kMostUses);
    m_usesWaiting = true;
    if (!std::exchange(m_usesWriter, true))
        api::spawnDetached(m_executor, writeUses(), "writing down a secret's use");
}

void SecretStore::forgetUses(const std::string& sandbox)
{
    bool forgot = false;
    for (auto& [name, info] : m_entries)
        forgot |= std::erase_if(info.uses, [&](const api::SecretUse& use) {
                      return use.sandbox == sandbox;
                  }) > 0;
    if (!forgot)
        return;
    m_usesWaiting = true;
    if (!std::exchange(m_usesWriter, true))
        api::spawnDetached(m_executor, writeUses(), "forgetting a secret's use");
}

/// The first use is told and written at once; those that follow within a few seconds, together.
Task<void> SecretStore::writeUses()
{
    while (m_usesWaiting) {
        if (const Result<void> written = co_await writeIndex(); !written)
            logWarning("{}", written.error().message);
        tell(Change::List);
        if (!co_await api::sleepFor(kBetweenWrites))
            break;
    }
    m_usesWriter = false;
}

// ---- secrets.json ------------------------------------------------------------------------------

std::string SecretStore::indexText() const
{
    api::SecretList index = list();
    index.locked = false;
    for (api::SecretInfo& info : index.secrets)
        info.known = false;
    return api::toJson(index) + "\n";
}

Task<Result<void>> SecretStore::writeIndex()
{
    m_usesWaiting = false;
    co_return co_await onWorker(
        [path = m_indexPath, text = indexText()] { return writeFileAtomically(path, text, 0600); });
}

void SecretStore::tell(Change change) const
{
    if (m_changed)
        m_changed(change);
}

} // namespace caisson::daemon
