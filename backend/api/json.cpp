// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/json.h"

namespace caisson::api {

namespace {

struct TooDeep
{
};

} // namespace

Result<nlohmann::json> parseJson(std::string_view text)
{
    try {
        return nlohmann::json::parse(text,
                                     [](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
                                         // Thrown out of the parser: a callback can only drop a
                                         // value, not end the parse.
                                         if (depth > kMaxJsonDepth)
                                             throw TooDeep{};
                                         return true;
                                     });
    } catch (const TooDeep&) {
        return fail(ErrorCode::BadRequest, "the JSON is nested more than 32 levels deep");
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
