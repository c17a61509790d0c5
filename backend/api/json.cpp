// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/json.h"

#include <vector>

namespace caisson::api {

namespace {

struct TooDeep
{
};

struct SameKeyTwice
{
};

// Parsers differ in which of two they take (RFC 8259, 4), and in whether they take a byte order
// mark (8.1): what is refused cannot mean one thing here and another elsewhere.

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Called by the parser as it goes; what it throws ends the parse, which a callback's answer
/// cannot.
class Strictness
{
public:
    bool operator()(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& parsed)
    {
        using enum nlohmann::json::parse_event_t;
        if (depth > kMaxJsonDepth)
            throw TooDeep{};
        if (event == object_start) {
            m_keys.push_back(0);
        } else if (event == key) {
            ++m_keys.back();
        } else if (event == object_end) {
            if (parsed.size() != m_keys.back())
                throw SameKeyTwice{};
            m_keys.pop_back();
        }
        return true;
    }

private:
    std::vector<std::size_t> m_keys; ///< how many keys each open object has had
};

} // namespace

Result<nlohmann::json> parseJson(std::string_view text)
{
    try {
        if (text.starts_with(kByteOrderMark))
            return fail(ErrorCode::BadRequest, "not JSON: it begins with a byte order mark");
        return nlohmann::json::parse(text, Strictness());
    } catch (const TooDeep&) {
        return fail(ErrorCode::BadRequest, "the JSON is nested more than 32 levels deep");
    } catch (const SameKeyTwice&) {
        return fail(ErrorCode::BadRequest, "the JSON has two fields of one name in an object");
    } catch (const nlohmann::json::parse_error& error) {
        return fail(ErrorCode::BadRequest,
                    "not JSON: the text goes wrong at byte " + std::to_string(error.byte));
    } catch (const nlohmann::json::exception&) {
        return fail(ErrorCode::BadRequest, "not JSON: a number is out of range");
    }
}

std::string dumpJson(const nlohmann::json& value)
{
    return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace caisson::api
