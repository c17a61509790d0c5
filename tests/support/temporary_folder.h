// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unistd.h>

namespace caisson::test {

/// A new folder, removed with all that is in it at the end. In memory where there is such a place:
/// some tests make 100,000 files.
class TemporaryFolder
{
public:
    TemporaryFolder()
        : m_path(std::string(::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") +
                 "/caisson-test-XXXXXX")
    {
        if (::mkdtemp(m_path.data()) == nullptr)
            throw std::runtime_error("no temporary folder");
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }

    const std::string& path() const { return m_path; }
    std::string operator/(std::string_view name) const { return m_path + "/" + std::string(name); }

private:
    std::string m_path;
};

} // namespace caisson::test
