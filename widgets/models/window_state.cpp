// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/models/window_state.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

namespace caisson {

namespace {

/// In the order of WindowPart.
const QStringList kPartNames{QStringLiteral("terminals"), QStringLiteral("editors"),
                             QStringLiteral("files"), QStringLiteral("sandboxes"),
                             QStringLiteral("side")};

/// In the order of SideTab.
const QStringList kTabNames{QStringLiteral("requests"), QStringLiteral("rules"),
                            QStringLiteral("secrets")};

/// A path as the text of a JSON string: its bytes percent-encoded, so that any name survives.
QString encodePath(const QByteArray& path)
{
    return QString::fromLatin1(path.toPercentEncoding("/"));
}

QByteArray decodePath(const QJsonValue& value)
{
    return QByteArray::fromPercentEncoding(value.toString().toLatin1());
}

QString encodeBytes(const QByteArray& bytes)
{
    return QString::fromLatin1(bytes.toBase64());
}

QByteArray decodeBytes(const QJsonValue& value)
{
    return QByteArray::fromBase64(value.toString().toLatin1());
}

QJsonArray encodeSizes(const QList<int>& sizes)
{
    QJsonArray array;
    for (const int size : sizes)
        array.append(size);
    return array;
}

QList<int> decodeSizes(const QJsonValue& value)
{
    QList<int> sizes;
    for (const QJsonValue size : value.toArray())
        sizes += size.toInt();
    return sizes;
}

QJsonObject encode(const SandboxViewState& state)
{
    QJsonArray files;
    for (const OpenFileState& file : state.files)
        files.append(QJsonObject{{"path", encodePath(file.path)}, {"view", file.view}});
    QJsonArray folders;
    for (const QByteArray& folder : state.expandedFolders)
        folders.append(encodePath(folder));
    return {{"files", files},
            {"activeFile", encodePath(state.activeFile)},
            {"terminals", QJsonArray::fromStringList(state.terminals)},
            {"activeTerminal", state.activeTerminal},
            {"closedTerminals", QJsonArray::fromStringList(state.closedTerminals)},
            {"splitter", encodeSizes(state.splitter)},
            {"expandedFolders", folders},
            {"selectedFile", encodePath(state.selectedFile)},
            {"hiddenFiles", state.hiddenFiles}};
}

SandboxViewState decodeSandbox(const QJsonObject& object)
{
    SandboxViewState state;
    for (const QJsonValue file : object["files"].toArray()) {
        state.files +=
            OpenFileState{.path = decodePath(file["path"]), .view = file["view"].toObject()};
    }
    state.activeFile = decodePath(object["activeFile"]);
    for (const QJsonValue terminal : object["terminals"].toArray())
        state.terminals += terminal.toString();
    state.activeTerminal = object["activeTerminal"].toString();
    for (const QJsonValue terminal : object["closedTerminals"].toArray())
        state.closedTerminals += terminal.toString();
    state.splitter = decodeSizes(object["splitter"]);
    for (const QJsonValue folder : object["expandedFolders"].toArray())
        state.expandedFolders += decodePath(folder);
    state.selectedFile = decodePath(object["selectedFile"]);
    state.hiddenFiles = object["hiddenFiles"].toBool();
    return state;
}

} // namespace

QByteArray toJson(const WindowState& state)
{
    QJsonObject sandboxes;
    for (const auto& [id, sandbox] : state.sandboxes.asKeyValueRange())
        sandboxes[id] = encode(sandbox);
    QJsonArray copies;
    for (const UnfinishedCopy& copy : state.copies)
        copies.append(QJsonObject{{"sandbox", copy.sandbox},
                                  {"folder", encodePath(QFile::encodeName(copy.folder))}});
    const QJsonObject object{{"version", 1},
                             {"geometry", encodeBytes(state.geometry)},
                             {"columns", encodeSizes(state.columns)},
                             {"panes", encodeSizes(state.panes)},
                             {"sandbox", state.sandbox},
                             {"focus", kPartNames[static_cast<int>(state.focus)]},
                             {"side", kTabNames[static_cast<int>(state.side)]},
                             {"sideHidden", state.isSideHidden},
                             {"requests", encodeSizes(state.requests)},
                             {"rules", encodeSizes(state.rules)},
                             {"copies", copies},
                             {"sandboxes", sandboxes}};
    return QJsonDocument(object).toJson();
}

WindowState windowStateFromJson(const QByteArray& json)
{
    const QJsonObject object = QJsonDocument::fromJson(json).object();
    WindowState state;
    state.geometry = decodeBytes(object["geometry"]);
    state.columns = decodeSizes(object["columns"]);
    state.panes = decodeSizes(object["panes"]);
    state.sandbox = object["sandbox"].toString();
    const qsizetype focus = kPartNames.indexOf(object["focus"].toString());
    state.focus = focus < 0 ? WindowPart::Terminals : static_cast<WindowPart>(focus);
    const qsizetype side = kTabNames.indexOf(object["side"].toString());
    state.side = side < 0 ? SideTab::Requests : static_cast<SideTab>(side);
    state.isSideHidden = object["sideHidden"].toBool();
    state.requests = decodeSizes(object["requests"]);
    state.rules = decodeSizes(object["rules"]);
    for (const QJsonValue copy : object["copies"].toArray()) {
        state.copies += UnfinishedCopy{.sandbox = copy["sandbox"].toString(),
                                       .folder = QFile::decodeName(decodePath(copy["folder"]))};
    }
    const QJsonObject sandboxes = object["sandboxes"].toObject();
    for (auto sandbox = sandboxes.begin(); sandbox != sandboxes.end(); ++sandbox)
        state.sandboxes.insert(sandbox.key(), decodeSandbox(sandbox->toObject()));
    return state;
}

} // namespace caisson
