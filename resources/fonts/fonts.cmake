# SPDX-License-Identifier: GPL-3.0-or-later
# The typefaces of the window are taken from Debian's packages when Caisson is built and travel in the binary, so that it
# looks the same on a machine that has none of them: Inter and JetBrains Mono, and for signs that these lack FreeMono
# (whose letters are as wide as JetBrains Mono's) and Symbola. Licences: OFL 1.1; the same; GPL-3 or later with the font
# exception; "free for any use; they may be opened, edited, modified, regenerated, packaged and redistributed".

set(caisson_fonts
  Inter-Regular.otf Inter-Medium.otf Inter-SemiBold.otf Inter-Bold.otf
  JetBrainsMono-Regular.ttf JetBrainsMono-Bold.ttf JetBrainsMono-Italic.ttf JetBrainsMono-BoldItalic.ttf
  FreeMono.otf Symbola_hint.ttf)

# Sets `out` to the object files that carry the fonts under :/caisson/fonts.
function(caisson_font_resources out)
  set(entries "")
  foreach(font IN LISTS caisson_fonts)
    unset(font_path CACHE)
    find_file(font_path ${font}
      PATHS /usr/share/fonts /usr/local/share/fonts
      PATH_SUFFIXES opentype/inter truetype/inter truetype/jetbrains-mono opentype/jetbrains-mono
        opentype/freefont truetype/ancient-scripts
      NO_DEFAULT_PATH)
    if(NOT font_path)
      message(FATAL_ERROR
        "The font ${font} is missing. Install Debian's fonts-inter, fonts-jetbrains-mono, fonts-freefont-otf and "
        "fonts-symbola (./dev setup does).")
    endif()
    string(APPEND entries "    <file alias=\"${font}\">${font_path}</file>\n")
  endforeach()
  unset(font_path CACHE)

  set(qrc ${CMAKE_CURRENT_BINARY_DIR}/fonts.qrc)
  file(CONFIGURE OUTPUT ${qrc} CONTENT
    "<RCC>\n  <qresource prefix=\"/caisson/fonts\">\n${entries}  </qresource>\n</RCC>\n")
  # Uncompressed: the font engine then reads the bytes where they lie, and the first frame does not wait for inflating.
  qt_add_big_resources(objects ${qrc} OPTIONS -no-compress)
  set(${out} ${objects} PARENT_SCOPE)
endfunction()
