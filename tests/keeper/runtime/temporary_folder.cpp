// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/keeper/runtime/temporary_folder.h"

#include "backend/base/files.h"
#include "backend/keeper/storage/tree.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace caisson::test {

TemporaryFolder::TemporaryFolder(const std::string& parent)
    : m_path(parent + "/caisson-XXXXXX")
{
    if (!::mkdtemp(m_path.data()))
        std::abort();
}

TemporaryFolder::~TemporaryFolder()
{
    if (auto removed = keeper::removeTree(m_path); !removed)
        ADD_FAILURE() << removed.error().message;
}

std::string TemporaryFolder::operator/(std::string_view name) const
{
    return m_path + "/" + std::string(name);
}

void writeFile(const std::string& path, std::string_view content, unsigned mode)
{
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream file(path, std::ios::binary);
    file << content;
    file.close();
    ASSERT_TRUE(file) << path;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
}

std::string contentOf(const std::string& path)
{
    return readFile(path).value_or("(cannot read)");
}

bool exists(const std::string& path)
{
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

} // namespace caisson::test
