// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson::keeper {

/// A Java trust store in the JKS format with one more certificate, which takes the place of one
/// that an earlier call, or ca-certificates-java, has put in. Nothing for a store of another format,
/// or one that is sealed with another password than everybody's, "changeit".
///
/// The format has no specification but its source (OpenJDK, JavaKeyStore.java): a magic number,
/// version 2, a count, entries, and SHA-1 over the password, two words and all that came before.
std::optional<std::string> javaStoreWith(std::string_view store, std::string_view certificateDer);

} // namespace caisson::keeper
