// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/api/types.h"
#include "backend/base/error.h"

#include <string>
#include <string_view>

namespace caisson::api {

/// The one codec between the structs of types.h (and initwire.h, keeperlink.h) and JSON text.
/// Both are instantiated in codec.cpp for every message, so that callers do not compile a JSON
/// library.
///
/// fromJson is strict: what is not JSON, deeper than 32 levels, of a wrong type, out of range or a
/// field that the message does not have is BadRequest, with the field's path in the sentence.
/// A field that is absent keeps its default; null is the same as absent.
template<class T>
Result<T> fromJson(std::string_view text);

/// One line, without trailing newline. Optional fields that are not set are left out, and so are
/// those of whenSet() in describe.h that are empty.
template<class T>
std::string toJson(const T& message);

/// The JSON Schema (2020-12) of a message, as JSON text.
template<class T>
std::string schemaOf();

/// Error as the body of an HTTP answer, and back.
std::string errorToJson(const Error& error);
Error errorFromJson(std::string_view text);

std::string toBase64(std::string_view bytes);
Result<std::string> fromBase64(std::string_view text);

/// The words of the enums on the wire.
std::string_view stateName(SandboxState state);
std::string_view fileTypeName(FileType type);

/// Whether `text` is well-formed UTF-8 (RFC 3629).
bool isUtf8(std::string_view text);

} // namespace caisson::api
