// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"

#include <string>
#include <string_view>

/// Rows as HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/). What HAR has no word for is in
/// fields of its own, whose names begin with an underscore as HAR asks: `_caisson` of an entry, and
/// `_streams` of the log, the rows that are no HTTP.
namespace caisson::keeper::har {

/// Up to where entries stand: {"log":{…,"entries":[
std::string begin();
/// One request.
std::string entry(const api::EgressEntry& entry);
/// Between the entries and the streams.
std::string_view beginStreams();
std::string stream(const api::EgressEntry& entry);
std::string_view end();

} // namespace caisson::keeper::har
