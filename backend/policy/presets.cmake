# SPDX-License-Identifier: GPL-3.0-or-later
# Makes presets.cpp of the files in resources/policies, in the order they are offered.
set(presets deny-all ask package-registries git-read model-apis)
set(CAISSON_PRESETS "")
foreach(preset IN LISTS presets)
  set(file ${CMAKE_SOURCE_DIR}/resources/policies/${preset}.toml)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  if(NOT text MATCHES "^# ([^\n\"\\]+)\n# ([^\n\"\\]+)\n")
    message(FATAL_ERROR "${file} begins with its title and what it does, as two comments")
  endif()
  string(APPEND CAISSON_PRESETS
    "    Preset{\"${preset}\", \"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\", R\"toml(${text})toml\"},\n")
endforeach()
configure_file(presets.cpp.in presets.cpp @ONLY)
