// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/daemon/sealed_file.h"

#include "backend/api/codec.h"
#include "backend/base/files.h"
#include "tests/support/temporary_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace caisson;
using namespace caisson::daemon;

namespace {

class SealedFileTest : public testing::Test
{
protected:
    api::SealedSecrets content() const
    {
        const Result<std::string> text = readFile(path);
        EXPECT_TRUE(text);
        return api::fromJson<api::SealedSecrets>(*text).value();
    }
    void write(const api::SealedSecrets& content) const
    {
        ASSERT_TRUE(writeFileAtomically(path, api::toJson(content)));
    }

    test::TemporaryFolder folder;
    const std::string path = folder / "secrets.sealed";
    SealedFile file{path};
    const SecretText passphrase{"correct horse"};
};

} // namespace

TEST_F(SealedFileTest, OpensWithItsPassphraseAndNoOther)
{
    EXPECT_FALSE(file.exists());
    const Result<SealingKey> key = file.open(passphrase);
    ASSERT_TRUE(key) << key.error().message;
    ASSERT_TRUE(file.put(*key, "github", SecretText("ghp_value")));
    ASSERT_TRUE(file.put(*key, "npm", SecretText("npm_value")));
    ASSERT_TRUE(file.put(*key, "npm", SecretText("npm_other")));

    const std::string text = readFile(path).value();
    EXPECT_EQ(text.find("ghp_value"), std::string::npos);
    EXPECT_EQ(text.find("correct horse"), std::string::npos);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);

    SealedFile again(path);
    const Result<SealingKey> wrong = again.open(SecretText("correct house"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::PermissionDenied);
    EXPECT_FALSE(again.open(SecretText()));

    const Result<SealingKey> right = again.open(passphrase);
    ASSERT_TRUE(right) << right.error().message;
    const auto values = again.values(*right);
    ASSERT_TRUE(values);
    ASSERT_EQ(values->size(), 2u);
    EXPECT_EQ(values->at("github").view(), "ghp_value");
    EXPECT_EQ(values->at("npm").view(), "npm_other");
}

TEST_F(SealedFileTest, LosesAValueWithoutTheKey)
{
    const Result<SealingKey> key = file.open(passphrase);
    ASSERT_TRUE(key);
    ASSERT_TRUE(file.put(*key, "a", SecretText("one")));
    ASSERT_TRUE(file.erase("a"));
    ASSERT_TRUE(file.erase("b"));
    EXPECT_TRUE(content().values.empty());
    EXPECT_TRUE(file.values(*key)->empty());
}

TEST_F(SealedFileTest, TakesNoValueUnderAnotherName)
{
    const Result<SealingKey> key = file.open(passphrase);
    ASSERT_TRUE(key);
    ASSERT_TRUE(file.put(*key, "a", SecretText("one")));
    ASSERT_TRUE(file.put(*key, "b", SecretText("two")));
    api::SealedSecrets changed = content();
    std::swap(changed.values["a"], changed.values["b"]);
    changed.values["c"] = "AAAA";
    changed.values["d"] = "not base64";
    write(changed);
    EXPECT_TRUE(file.values(*key)->empty());
}

TEST_F(SealedFileTest, DoesNotFollowAFileThatAsksForAllMemory)
{
    ASSERT_TRUE(file.open(passphrase));
    const api::SealedSecrets good = content();
    for (const auto& spoil : std::initializer_list<void (*)(api::SealedSecrets&)>{
             [](api::SealedSecrets& s) { s.memory = 1LL << 40; },
             [](api::SealedSecrets& s) { s.passes = 1'000'000; },
             [](api::SealedSecrets& s) { s.lanes = 0; },
             [](api::SealedSecrets& s) { s.salt = "AAAA"; },
             [](api::SealedSecrets& s) { s.kdf = "scrypt"; },
         }) {
        api::SealedSecrets bad = good;
        spoil(bad);
        write(bad);
        const Result<SealingKey> opened = file.open(passphrase);
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().code, ErrorCode::BadRequest);
    }
    ASSERT_TRUE(writeFileAtomically(path, "\"hello\""));
    EXPECT_FALSE(file.open(passphrase));
    EXPECT_FALSE(file.erase("a"));
    // What is there and cannot be read is not overwritten.
    EXPECT_EQ(readFile(path).value(), "\"hello\"");
}
