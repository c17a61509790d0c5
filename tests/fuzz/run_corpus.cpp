// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzzer's entry point over each file of its corpus, and over mutations of these that are
// the same every time. When the entry point ends the process, the last input is in
// CAISSON_FUZZ_INPUT, if that names a file to write to.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

/// How many mutations are made of each file.
constexpr int kMutations = 400;
constexpr std::size_t kLongestInput = 64 * 1024;

struct Input
{
    std::string name;
    std::string bytes;
};

const std::vector<Input>& corpus()
{
    static const std::vector<Input> inputs = [] {
        std::vector<Input> found;
        for (const auto& entry : std::filesystem::directory_iterator(CAISSON_CORPUS)) {
            std::ifstream file(entry.path(), std::ios::binary);
            found.push_back(
                {entry.path().filename(), std::string(std::istreambuf_iterator(file), {})});
        }
        std::ranges::sort(found, {}, &Input::name);
        return found;
    }();
    return inputs;
}

int run(const std::string& bytes)
{
    static const char* const path = std::getenv("CAISSON_FUZZ_INPUT");
    if (path)
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    // A buffer of exactly this size, so that a sanitizer sees a read behind its end.
    const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
    return LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

class Mutator
{
public:
    explicit Mutator(std::uint64_t seed)
        : m_random(seed)
    {
    }

    std::string mutated(std::string bytes)
    {
        for (std::size_t steps = 1 + below(4); steps > 0; --steps)
            step(bytes);
        bytes.resize(std::min(bytes.size(), kLongestInput));
        return bytes;
    }

private:
    std::size_t below(std::size_t end) { return end == 0 ? 0 : m_random() % end; }

    void step(std::string& bytes)
    {
        const std::size_t at = below(bytes.size());
        const std::size_t length = below(std::min<std::size_t>(bytes.size() - at, 64) + 1);
        switch (below(8)) {
        case 0:
            if (!bytes.empty())
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 1:
            if (!bytes.empty())
                bytes[at] = static_cast<char>(below(256));
            break;
        case 2: {
            // What parsers stumble over: ends of numbers, of strings, of lines and of lengths.
            constexpr std::string_view kTelling("\0\xff\x7f\x80\r\n \t\"'\\%0-.:/[]{}=", 22);
            bytes.insert(at, 1 + below(3), kTelling[below(kTelling.size())]);
            break;
        }
        case 3:
            bytes.erase(at, length);
            break;
        case 4:
            bytes.insert(below(bytes.size()), bytes.substr(at, length));
            break;
        case 5:
            bytes.resize(at);
            break;
        case 6: {
            const std::string& other = corpus()[below(corpus().size())].bytes;
            const std::size_t from = below(other.size());
            bytes.insert(at, other.substr(from, below(256)));
            break;
        }
        case 7: {
            const std::string piece = bytes.substr(at, length);
            for (std::size_t times = below(100); times > 0 && bytes.size() < kLongestInput; --times)
                bytes.insert(at, piece);
            break;
        }
        }
    }

    std::mt19937_64 m_random;
};

TEST(Corpus, isThere)
{
    EXPECT_GE(corpus().size(), 3u) << CAISSON_CORPUS;
}

TEST(Corpus, eachFileIsTaken)
{
    for (const Input& input : corpus())
        EXPECT_EQ(run(input.bytes), 0) << input.name;
    EXPECT_EQ(run({}), 0);
}

TEST(Corpus, mutationsAreTaken)
{
    for (const Input& input : corpus()) {
        for (int mutation = 0; mutation < kMutations; ++mutation) {
            // The same for a file whatever others there are, but for what is taken from these.
            Mutator mutator(std::hash<std::string>()(input.name) +
                            static_cast<std::uint64_t>(mutation));
            EXPECT_EQ(run(mutator.mutated(input.bytes)), 0) << input.name << " " << mutation;
        }
    }
}

} // namespace

int main(int argc, char** argv)
{
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
