// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace caisson::test {

/// A new folder below `parent`, removed with all that is in it at the end.
class TemporaryFolder
{
public:
    explicit TemporaryFolder(const std::string& parent = "/tmp");
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder();

    const std::string& path() const { return m_path; }
    std::string operator/(std::string_view name) const;

private:
    std::string m_path;
};

/// Writes a file, making the folders above it. Fails the test if it cannot.
void writeFile(const std::string& path, std::string_view content, unsigned mode = 0644);

/// The file's content, or "(cannot read)".
std::string contentOf(const std::string& path);

bool exists(const std::string& path);

} // namespace caisson::test
