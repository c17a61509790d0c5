// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/common/file_icons.h"

#include <QHash>
#include <QString>

namespace caisson {

namespace {

const QHash<QString, Icon>& iconsBySuffix()
{
    static const QHash<QString, Icon> table = [] {
        QHash<QString, Icon> icons;
        const auto add = [&icons](Icon icon, std::initializer_list<const char*> suffixes) {
            for (const char* suffix : suffixes)
                icons.insert(QString::fromLatin1(suffix), icon);
        };
        add(Icon::FilePython, {"py", "pyi", "pyw", "ipynb"});
        add(Icon::FileC, {"c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "ipp", "m", "mm"});
        add(Icon::FileJs, {"js", "mjs", "cjs", "jsx"});
        add(Icon::FileShell, {"sh", "bash", "zsh", "fish", "ksh", "ps1", "bat", "cmd"});
        add(Icon::FileConfig, {"json", "jsonc", "json5", "toml", "yaml", "yml", "ini", "cfg",
                               "conf", "env", "lock", "properties", "editorconfig", "plist"});
        add(Icon::FileText, {"txt", "md", "markdown", "rst", "adoc", "org", "tex", "log", "csv",
                             "tsv", "pdf", "diff", "patch"});
        add(Icon::FileImage, {"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "ico", "tif",
                              "tiff", "avif", "heic"});
        add(Icon::FileArchive, {"zip", "tar", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "jar",
                                "whl", "deb", "rpm", "iso"});
        add(Icon::FileCode,
            {"ts",     "mts",   "cts",   "tsx",     "rs",  "go",    "java", "kt",   "swift",
             "rb",     "php",   "lua",   "pl",      "r",   "jl",    "hs",   "ml",   "ex",
             "exs",    "erl",   "clj",   "cs",      "fs",  "scala", "dart", "zig",  "nim",
             "v",      "sql",   "html",  "htm",     "xml", "css",   "scss", "less", "vue",
             "svelte", "cmake", "proto", "graphql", "s",   "asm",   "qml",  "vim"});
        return icons;
    }();
    return table;
}

const QHash<QString, Icon>& iconsByName()
{
    static const QHash<QString, Icon> table = {
        {QStringLiteral("makefile"), Icon::FileCode},
        {QStringLiteral("cmakelists.txt"), Icon::FileCode},
        {QStringLiteral("dockerfile"), Icon::FileConfig},
        {QStringLiteral("containerfile"), Icon::FileConfig},
        {QStringLiteral(".gitignore"), Icon::FileConfig},
        {QStringLiteral(".gitattributes"), Icon::FileConfig},
        {QStringLiteral(".bashrc"), Icon::FileShell},
        {QStringLiteral(".profile"), Icon::FileShell},
        {QStringLiteral(".zshrc"), Icon::FileShell},
        {QStringLiteral("readme"), Icon::FileText},
        {QStringLiteral("license"), Icon::FileText},
        {QStringLiteral("copying"), Icon::FileText},
    };
    return table;
}

} // namespace

Icon fileIcon(QStringView fileName)
{
    const QString name = fileName.toString().toLower();
    if (const auto found = iconsByName().constFind(name); found != iconsByName().constEnd())
        return *found;
    const qsizetype dot = name.lastIndexOf(u'.');
    if (dot < 0)
        return Icon::File;
    return iconsBySuffix().value(name.sliced(dot + 1), Icon::File);
}

} // namespace caisson
