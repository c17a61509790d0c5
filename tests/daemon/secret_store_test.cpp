// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/secret_store.h"

#include "backend/base/files.h"
#include "tests/support/temporary_folder.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

class SecretStoreTest : public testing::Test
{
protected:
    SecretStoreTest()
        : paths(api::pathsForHome(folder.path()))
    {
        EXPECT_TRUE(api::ensureFolders(paths));
        begin();
    }
    ~SecretStoreTest() override { store->clearKeyring(); }

    /// As a caissond that starts.
    void begin()
    {
        store.reset();
        store = std::make_unique<SecretStore>(context.get_executor(), paths, options);
        store->onChange([this](SecretStore::Change change) {
            ++(change == SecretStore::Change::Values ? valuesChanged : listChanged);
        });
        store->load();
    }

    /// As after a reboot: what the kernel held is gone.
    void reboot()
    {
        store->clearKeyring();
        begin();
    }

    template<class T>
    Result<T> run(api::Task<Result<T>> call)
    {
        std::optional<Result<T>> outcome;
        api::asio::co_spawn(context, std::move(call),
                            [&](const std::exception_ptr& exception, Result<T> result) {
                                if (exception)
                                    std::rethrow_exception(exception);
                                outcome = std::move(result);
                            });
        runUntil([&] { return outcome.has_value(); });
        return std::move(*outcome);
    }

    template<class Predicate>
    void runUntil(Predicate predicate)
    {
        context.restart();
        while (!predicate() && context.run_one_for(std::chrono::seconds(60)) > 0) {
        }
        ASSERT_TRUE(predicate());
    }

    Result<api::SecretInfo> put(const std::string& name, const std::string& value,
                                const std::string& passphrase = {}, const std::string& lasts = {})
    {
        return run(store->put(name, {value, lasts, passphrase}));
    }

    std::string value(const std::string& name) const
    {
        const SecretText* found = store->value(name);
        return found ? std::string(found->view()) : "none";
    }

    api::SecretInfo info(const std::string& name) const
    {
        for (const api::SecretInfo& info : store->list().secrets) {
            if (info.name == name)
                return info;
        }
        return {};
    }

    test::TemporaryFolder folder;
    api::Paths paths;
    api::asio::io_context context{1};
    SecretStore::Options options;
    std::unique_ptr<SecretStore> store;
    int valuesChanged = 0;
    int listChanged = 0;
};

} // namespace

TEST(SecretNames, AreOfFewCharacters)
{
    for (const char* good : {"github", "A.b-c_9", "."})
        EXPECT_TRUE(checkSecretName(good)) << good;
    EXPECT_TRUE(checkSecretName(std::string(64, 'a')));
    for (const char* bad : {"", "a b", "a/b", "ä", "a\n", "${x}"})
        EXPECT_FALSE(checkSecretName(bad)) << bad;
    EXPECT_FALSE(checkSecretName(std::string(65, 'a')));
}

TEST(SecretValues, StandInOneLine)
{
    EXPECT_EQ(secretValueOf("token\n"), "token");
    EXPECT_EQ(secretValueOf(" to\tken ü"), " to\tken ü");
    EXPECT_EQ(secretValueOf(std::string(64 * 1024, 'x') + "\n")->size(), 64u * 1024);
    EXPECT_EQ(secretValueOf(std::string(64 * 1024 + 1, 'x')).error().code, ErrorCode::TooLarge);
    for (const std::string& bad :
         {std::string(), std::string("\n"), std::string("a\n\n"), std::string("a\nb"),
          std::string("a\r\n"), std::string("a\0b", 3), std::string("a\x1b"),
          std::string("\x7f")}) {
        const auto checked = secretValueOf(bad);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, ErrorCode::BadRequest);
    }
    EXPECT_NE(secretValueOf("abc\rd").error().message.find("carriage return at byte 4"),
              std::string::npos);
}

TEST_F(SecretStoreTest, OutlivesARestartAndNotAReboot)
{
    const Result<api::SecretInfo> made = put("github", "ghp_12345\n");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->lasts, "reboot");
    EXPECT_TRUE(made->known);
    EXPECT_FALSE(made->created.empty());
    EXPECT_EQ(value("github"), "ghp_12345");
    EXPECT_EQ(valuesChanged, 1);
    if (store->holdsTheOnlyCopy())
        GTEST_SKIP() << "this kernel lets this user have no keyring: nothing outlives a restart";
    begin();
    EXPECT_EQ(value("github"), "ghp_12345");
    EXPECT_EQ(info("github").created, made->created);
    reboot();
    EXPECT_EQ(value("github"), "none");
    EXPECT_FALSE(info("github").known);
    EXPECT_EQ(info("github").lasts, "reboot");
    // Put again, it is as it was.
    ASSERT_TRUE(put("github", "ghp_67890"));
    EXPECT_EQ(value("github"), "ghp_67890");
}

TEST_F(SecretStoreTest, WritesNoValue)
{
    ASSERT_TRUE(put("a", "value-of-a"));
    ASSERT_TRUE(put("b", "value-of-b", "the-passphrase"));
    store->noteUse("a", {.sandbox = "0123456789ab", .host = "example.com"});
    begin();
    int seen = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        if (!entry.is_regular_file())
            continue;
        ++seen;
        const std::string text = readFile(entry.path()).value();
        for (const char* word : {"value-of-a", "value-of-b", "the-passphrase"})
            EXPECT_EQ(text.find(word), std::string::npos) << entry.path() << " holds " << word;
    }
    EXPECT_GE(seen, 2);
}

TEST_F(SecretStoreTest, ForgetsWhatIsRemoved)
{
    ASSERT_TRUE(put("a", "one", "passphrase"));
    ASSERT_TRUE(run(store->remove("a")));
    EXPECT_EQ(value("a"), "none");
    EXPECT_TRUE(store->list().secrets.empty());
    const Result<void> again = run(store->remove("a"));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::NotFound);
    begin();
    EXPECT_TRUE(store->list().secrets.empty());
    ASSERT_TRUE(run(store->unlock("passphrase")));
    EXPECT_TRUE(store->list().secrets.empty());
}

TEST_F(SecretStoreTest, LastsInAFileThatItsPassphraseOpens)
{
    EXPECT_FALSE(store->list().locked);
    EXPECT_EQ(run(store->unlock("passphrase")).error().code, ErrorCode::NotFound);
    const Result<api::SecretInfo> made = put("a", "one", "passphrase");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->lasts, "file");
    // Once open, it takes whatever comes.
    EXPECT_EQ(put("b", "two")->lasts, "file");
    EXPECT_EQ(put("c", "three", {}, "keychain")->lasts, "keychain");
    const Result<api::SecretInfo> wrong = put("d", "four", "another");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::PermissionDenied);
    EXPECT_EQ(value("d"), "none");

    reboot();
    EXPECT_TRUE(store->list().locked);
    EXPECT_EQ(value("a"), "none");
    EXPECT_FALSE(run(store->unlock("another")));
    EXPECT_TRUE(store->list().locked);
    const auto opened = run(store->unlock("passphrase"));
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_FALSE(opened->locked);
    EXPECT_EQ(value("a"), "one");
    EXPECT_EQ(value("b"), "two");
    EXPECT_EQ(value("c"), "none");
    EXPECT_EQ(info("c").lasts, "keychain"); // the window puts it back
}

TEST_F(SecretStoreTest, AValueFromBeforeDoesNotComeBackOutOfTheFile)
{
    ASSERT_TRUE(put("a", "old", "passphrase"));
    ASSERT_TRUE(put("b", "old"));
    reboot();
    EXPECT_EQ(put("a", "new")->lasts, "reboot"); // nobody gave the passphrase yet
    ASSERT_TRUE(run(store->remove("b")));
    ASSERT_TRUE(run(store->unlock("passphrase")));
    EXPECT_EQ(value("a"), "new");
    reboot();
    ASSERT_TRUE(run(store->unlock("passphrase")));
    EXPECT_EQ(value("a"), "none");
    EXPECT_EQ(value("b"), "none");
}

TEST_F(SecretStoreTest, TakesThePassphraseFromAFile)
{
    const std::string path = folder / "passphrase";
    options.passphraseFile = path;
    begin();
    const Result<api::SecretInfo> unreadable = put("a", "one");
    ASSERT_FALSE(unreadable);
    EXPECT_NE(unreadable.error().message.find("CAISSON_PASSPHRASE_FILE"), std::string::npos);
    ASSERT_TRUE(writeFileAtomically(path, "from a file\n"));
    EXPECT_EQ(put("a", "one")->lasts, "file");
    valuesChanged = 0;
    reboot();
    runUntil([this] { return valuesChanged > 0; });
    EXPECT_EQ(value("a"), "one");
    EXPECT_FALSE(store->list().locked);
    options.passphraseFile.clear();
    reboot();
    ASSERT_TRUE(run(store->unlock("from a file")));
    EXPECT_EQ(value("a"), "one");
}

/// One that others may read was taken without a word.
TEST_F(SecretStoreTest, WarnsOfAPassphraseThatOthersMayRead)
{
    const std::string path = folder / "passphrase";
    options.passphraseFile = path;
    begin();
    for (const unsigned mode : {0600u, 0640u, 0604u}) {
        ASSERT_TRUE(writeFileAtomically(path, "from a file\n", mode));
        testing::internal::CaptureStderr();
        EXPECT_EQ(put("a", "one", "", "file")->lasts, "file");
        const std::string said = testing::internal::GetCapturedStderr();
        EXPECT_EQ(said.contains("others may read"), mode != 0600) << mode << said;
        reboot();
    }
}

/// Kept or refused: without a passphrase "in the file" must not become "until reboot".
TEST_F(SecretStoreTest, KeepsInTheFileWhatIsToStayThere)
{
    const Result<api::SecretInfo> refused = put("a", "one", "", "file");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::BadRequest);
    EXPECT_TRUE(refused.error().detail.contains("passphrase"));
    EXPECT_NE(refused.error().message.find("CAISSON_PASSPHRASE_FILE"), std::string::npos);
    EXPECT_EQ(value("a"), "none");
    EXPECT_EQ(info("a").name, "");
    EXPECT_EQ(put("a", "one", "", "reboot").error().code, ErrorCode::BadRequest);

    const std::string path = folder / "passphrase";
    ASSERT_TRUE(writeFileAtomically(path, "from a file\n"));
    options.passphraseFile = path;
    begin();
    EXPECT_EQ(put("a", "one", "", "file")->lasts, "file");
    EXPECT_EQ(put("b", "two", "from a file", "file")->lasts, "file");
    EXPECT_EQ(put("c", "three", "another", "file").error().code, ErrorCode::PermissionDenied);
}

TEST_F(SecretStoreTest, StaysWhereThereIsNoKeyring)
{
    options.keyring = false;
    begin();
    EXPECT_FALSE(store->holdsTheOnlyCopy());
    ASSERT_TRUE(put("a", "one"));
    EXPECT_EQ(value("a"), "one");
    EXPECT_TRUE(store->holdsTheOnlyCopy());
    ASSERT_TRUE(run(store->remove("a")));
    EXPECT_FALSE(store->holdsTheOnlyCopy());
}

TEST_F(SecretStoreTest, RemembersTheLastUseOfEachSandbox)
{
    ASSERT_TRUE(put("a", "one"));
    const auto use = [](const char* sandbox, const char* host) {
        return api::SecretUse{.sandbox = sandbox, .rule = "r1", .host = host, .time = "t"};
    };
    store->noteUse("a", use("first", "old.example"));
    store->noteUse("a", use("second", "b.example"));
    store->noteUse("a", use("first", "new.example"));
    store->noteUse("none", use("first", "a.example"));
    runUntil([this] { return listChanged > 0; });
    EXPECT_EQ(valuesChanged, 1); // of the put: keepers hear of no use
    for (int round = 0; round < 2; ++round) {
        const api::SecretInfo used = info("a");
        ASSERT_EQ(used.uses.size(), 2u);
        EXPECT_EQ(used.uses[0], use("first", "new.example"));
        EXPECT_EQ(used.uses[1], use("second", "b.example"));
        begin();
    }
    store->forgetUses("first");
    begin();
    ASSERT_EQ(info("a").uses.size(), 1u);
    EXPECT_EQ(info("a").uses[0].sandbox, "second");
}

TEST_F(SecretStoreTest, ChangesAtOnceComeOneAfterTheOther)
{
    int done = 0;
    const auto count = [&](const std::exception_ptr& exception, const auto& result) {
        EXPECT_FALSE(exception);
        EXPECT_TRUE(result);
        ++done;
    };
    api::asio::co_spawn(context, store->put("a", {"one", "", "passphrase"}), count);
    api::asio::co_spawn(context, store->remove("a"), count);
    api::asio::co_spawn(context, store->put("a", {"two", "", "passphrase"}), count);
    runUntil([&] { return done == 3; });
    EXPECT_EQ(value("a"), "two");
    reboot();
    ASSERT_TRUE(run(store->unlock("passphrase")));
    EXPECT_EQ(value("a"), "two");
}

TEST_F(SecretStoreTest, BeginsAnewWhereItsIndexIsSpoilt)
{
    ASSERT_TRUE(put("a", "one"));
    ASSERT_TRUE(writeFileAtomically(paths.data + "/secrets.json", "{"));
    begin();
    EXPECT_TRUE(store->list().secrets.empty());
    ASSERT_TRUE(put("a", "two"));
    EXPECT_EQ(value("a"), "two");
}
