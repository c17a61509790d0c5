// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/init/missing_program.h"

#include "backend/base/unique_fd.h"

#include <algorithm>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace caisson::init {

std::string missingInterpreter(const std::string& path)
{
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return {};
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    char head[256]; // BINPRM_BUF_SIZE: as much of the first line as the kernel reads
    const ssize_t size = file ? ::read(file.get(), head, sizeof head) : -1;
    std::string_view line(head, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (!line.starts_with("#!"))
        return "is there, but not the loader it was linked for";
    line = line.substr(2, line.find('\n') - 2);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string interpreter(line.substr(0, line.find_first_of(" \t\r")));
    return "is there, but not the program \"" + interpreter + "\" that its first line asks for";
}

} // namespace caisson::init
