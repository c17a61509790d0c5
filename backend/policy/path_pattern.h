// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson::policy {

/// Servers differ in what they take for the same path: some undo escapes before they look for
/// slashes, some drop empty segments. Each combination is a reading, bits of an index.
inline constexpr std::size_t kReadings = 4;
inline constexpr std::size_t kUnescapes = 1;
inline constexpr std::size_t kMerges = 2;

/// The path of a request, as each kind of server reads it. Most paths read the same everywhere,
/// and then this is one view.
class PathReadings
{
public:
    /// `target` is a normalisedTarget() and is borrowed.
    explicit PathReadings(std::string_view target);
    bool isPlain() const { return m_isPlain; }
    std::string_view operator[](std::size_t reading) const
    {
        return m_isPlain ? m_sent : m_readings[reading];
    }
    std::string_view query() const { return m_query; }

private:
    std::string_view m_sent;
    std::string_view m_query;
    bool m_isPlain = true;
    std::array<std::string, kReadings> m_readings;
};

/// What of a text must be there: "a*b" is {"a", "b"}.
struct Glob
{
    std::vector<std::string> pieces{{}};
    bool fits(std::string_view text) const;
    bool isLiteral() const { return pieces.size() == 1; }
};

/// The `path` of a rule: `*` is any part of one segment, `**` any number of segments, `\*` a plain
/// star; behind a '?', a pattern for the whole query, in which `*` is any part of it and `\\` a plain
/// backslash. An empty one ("/a?") fits only what has no query.
class PathPattern
{
public:
    /// Of what normalisedPattern() made.
    explicit PathPattern(std::string_view pattern);

    /// For what is let through: whatever kind the server is, it must find a path that fits.
    bool fitsAll(const PathReadings& path) const;
    /// For what is held up: it is enough that one kind of server would.
    bool fitsAny(const PathReadings& path) const;

    /// The segments left of the first wildcard, of each reading; at most `limit`.
    std::vector<std::vector<std::string>> literalBegins(std::size_t limit) const;

private:
    struct Segment
    {
        bool isAnyNumber = false;
        Glob glob;
    };
    using Segments = std::vector<Segment>;
    static Segments compile(std::string_view pattern, std::size_t reading);
    bool fits(const PathReadings& path, std::size_t reading) const;
    enum class Unclear { Fits, Differs };
    bool fitsQuery(std::string_view query, Unclear unclear) const;

    std::vector<Segments> m_readings; ///< one: all are the same
    std::optional<Glob> m_query;
};

} // namespace caisson::policy
