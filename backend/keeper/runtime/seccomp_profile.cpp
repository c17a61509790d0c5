// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/keeper/runtime/seccomp_profile.h"

#include "backend/keeper/runtime/seccomp_calls.h"

#include <cerrno>
#include <cstdint>
#include <initializer_list>
#include <linux/sched.h>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/personality.h>

namespace caisson::keeper {

namespace {

using Json = nlohmann::json;

Json equal(int argument, std::uint64_t value)
{
    return {{"index", argument}, {"value", value}, {"op", "SCMP_CMP_EQ"}};
}

/// (argument & mask) == value
Json masked(int argument, std::uint64_t mask, std::uint64_t value)
{
    return {
        {"index", argument}, {"value", mask}, {"valueTwo", value}, {"op", "SCMP_CMP_MASKED_EQ"}};
}

Json split(std::string_view names)
{
    Json list = Json::array();
    std::istringstream words{std::string(names)};
    for (std::string word; words >> word;)
        list.push_back(word);
    return list;
}

class Profile
{
public:
    void allow(std::string_view names)
    {
        m_rules.push_back({{"names", split(names)}, {"action", "SCMP_ACT_ALLOW"}});
    }

    void allow(const char* name, std::initializer_list<Json> arguments)
    {
        m_rules.push_back({{"names", Json::array({name})},
                           {"action", "SCMP_ACT_ALLOW"},
                           {"args", Json::array_t(arguments)}});
    }

    void refuse(std::string_view names, int number)
    {
        m_rules.push_back(
            {{"names", split(names)}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", number}});
    }

    void refuse(const char* name, int number, std::initializer_list<Json> arguments)
    {
        m_rules.push_back({{"names", Json::array({name})},
                           {"action", "SCMP_ACT_ERRNO"},
                           {"errnoRet", number},
                           {"args", Json::array_t(arguments)}});
    }

    Json take() { return std::move(m_rules); }

private:
    Json m_rules = Json::array();
};

/// Allowed with none of the flags, refused with any.
void addFlags(Profile& profile, const char* call, std::initializer_list<std::uint64_t> flags)
{
    std::uint64_t all = 0;
    for (const std::uint64_t flag : flags) {
        all |= flag;
        profile.refuse(call, EPERM, {masked(0, flag, flag)});
    }
    profile.allow(call, {masked(0, all, 0)});
}

void addPersonality(Profile& profile)
{
    constexpr std::uint64_t query = 0xffffffff;
    constexpr auto uname26 = std::uint64_t{UNAME26};
    for (const std::uint64_t persona :
         {std::uint64_t{PER_LINUX}, std::uint64_t{PER_LINUX32}, uname26, uname26 | PER_LINUX32,
          std::uint64_t{ADDR_NO_RANDOMIZE}, query})
        profile.allow("personality", {equal(0, persona)});
}

Json architectures()
{
#if defined(__x86_64__)
    return {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"};
#elif defined(__aarch64__)
    return {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
#elif defined(__riscv)
    return {"SCMP_ARCH_RISCV64"};
#else
#error "name this architecture as libseccomp does"
#endif
}

} // namespace

Json seccompProfile()
{
    Profile profile;
    profile.allow(kAllowedCalls);
    profile.refuse(kRefusedCalls, EPERM);
    addFlags(profile, "clone",
             {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
              CLONE_NEWNET});
    addFlags(profile, "unshare",
             {CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
              CLONE_NEWNET, CLONE_NEWTIME});
    addPersonality(profile);
    return {{"defaultAction", "SCMP_ACT_ERRNO"},
            {"defaultErrnoRet", ENOSYS},
            {"architectures", architectures()},
            {"syscalls", profile.take()}};
}

} // namespace caisson::keeper
