// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/api/codec.h"

#include "backend/api/describe.h"
#include "backend/api/json.h"

#include <concepts>
#include <set>
#include <type_traits>

namespace caisson::api {

namespace {

using Json = nlohmann::json;

template<class T>
struct IsVector : std::false_type
{
};
template<class T>
struct IsVector<std::vector<T>> : std::true_type
{
};
template<class T>
struct IsMap : std::false_type
{
};
template<class T>
struct IsMap<std::map<std::string, T>> : std::true_type
{
};
template<class T>
struct IsOptional : std::false_type
{
};
template<class T>
struct IsOptional<std::optional<T>> : std::true_type
{
};

template<class T>
constexpr bool kIsFileName = std::same_as<T, FileName> || std::same_as<T, std::optional<FileName>>;

// ---- struct → JSON -----------------------------------------------------------------------------

struct Writer
{
    Json object = Json::object();

    void operator()(const char* name, FileName& value) { fileName(name, value); }
    void operator()(const char* name, std::optional<FileName>& value)
    {
        if (value)
            fileName(name, *value);
    }
    template<class T>
        requires(!kIsFileName<T>)
    void operator()(const char* name, T& value)
    {
        if constexpr (IsOptional<T>::value) {
            if (value)
                object[name] = write(*value);
        } else {
            object[name] = write(value);
        }
    }

    template<class T>
    void operator()(const char* name, WhenSet<T> field)
    {
        if (field.value != T{})
            object[name] = write(field.value);
    }

    template<class T>
    void operator()(const char* name, Demanded<T> field)
    {
        object[name] = write(field.value);
    }

    void fileName(const char* name, FileName& value)
    {
        object[name] = value.bytes; // made valid by dumpJson
        if (!isUtf8(value.bytes))
            object[std::string(name) + "_b64"] = toBase64(value.bytes);
    }

    template<class T>
    static Json write(T& value)
    {
        if constexpr (std::same_as<T, std::string> || std::is_arithmetic_v<T>) {
            return value;
        } else if constexpr (std::is_enum_v<T>) {
            for (const auto& [code, word] : wordsOf(value)) {
                if (code == value)
                    return word;
            }
            return nullptr;
        } else if constexpr (IsVector<T>::value) {
            Json array = Json::array();
            for (auto& item : value)
                array.push_back(write(item));
            return array;
        } else if constexpr (IsMap<T>::value) {
            Json map = Json::object();
            for (auto& [key, item] : value)
                map[key] = write(item);
            return map;
        } else {
            Writer inner;
            describe(inner, value);
            return std::move(inner.object);
        }
    }
};

// ---- JSON → struct -----------------------------------------------------------------------------

struct Reader
{
    const Json& object;
    std::string path;
    std::string& problem; ///< the first one; empty while all is well
    std::set<std::string, std::less<>> known = {};

    void wrong(const char* name, std::string_view what)
    {
        if (problem.empty())
            problem = "field \"" + path + name + "\" " + std::string(what);
    }

    const Json* find(const std::string& name)
    {
        known.insert(name);
        const auto found = object.find(name);
        return found == object.end() ? nullptr : &*found;
    }

    void operator()(const char* name, FileName& value) { fileName(name, value); }
    void operator()(const char* name, std::optional<FileName>& value)
    {
        FileName read;
        if (fileName(name, read))
            value = std::move(read);
    }
    template<class T>
        requires(!kIsFileName<T>)
    void operator()(const char* name, T& value)
    {
        const Json* json = find(name);
        if (!json)
            return;
        if constexpr (IsOptional<T>::value) {
            typename T::value_type inner{};
            read(name, *json, inner);
            value = std::move(inner);
        } else {
            read(name, *json, value);
        }
    }

    template<class T>
    void operator()(const char* name, WhenSet<T> field)
    {
        (*this)(name, field.value);
    }

    template<class T>
    void operator()(const char* name, Demanded<T> field)
    {
        if (const Json* json = find(name))
            read(name, *json, field.value);
        else
            wrong(name, "is missing");
    }

    bool fileName(const char* name, FileName& value)
    {
        const Json* text = find(name);
        const Json* base64 = find(std::string(name) + "_b64");
        if (base64) {
            if (!base64->is_string())
                return wrong(name, "has a _b64 that is not a string"), false;
            Result<std::string> bytes = fromBase64(base64->get_ref<const std::string&>());
            if (!bytes)
                return wrong(name, "has a _b64 that is not base64"), false;
            value.bytes = std::move(*bytes);
        } else if (text) {
            if (!text->is_string())
                return wrong(name, "must be a string"), false;
            value.bytes = text->get<std::string>();
        } else {
            return false;
        }
        if (value.bytes.find('\0') != std::string::npos)
            return wrong(name, "holds a NUL byte"), false;
        return true;
    }

    template<class T>
    void read(const char* name, const Json& json, T& value)
    {
        if constexpr (std::same_as<T, std::string>) {
            if (!json.is_string())
                return wrong(name, "must be a string");
            value = json.get<std::string>();
        } else if constexpr (std::same_as<T, bool>) {
            if (!json.is_boolean())
                return wrong(name, "must be true or false");
            value = json.get<bool>();
        } else if constexpr (std::same_as<T, std::int64_t>) {
            if (!json.is_number_integer() ||
                (json.is_number_unsigned() && json.get<std::uint64_t>() > INT64_MAX))
                return wrong(name, "must be a whole number");
            value = json.get<std::int64_t>();
        } else if constexpr (std::same_as<T, double>) {
            if (!json.is_number())
                return wrong(name, "must be a number");
            value = json.get<double>();
        } else if constexpr (std::is_enum_v<T>) {
            if (json.is_string()) {
                for (const auto& [code, word] : wordsOf(value)) {
                    if (word == json.get_ref<const std::string&>()) {
                        value = code;
                        return;
                    }
                }
            }
            wrong(name, "is not one of the known words");
        } else if constexpr (IsVector<T>::value) {
            if (!json.is_array())
                return wrong(name, "must be an array");
            value.clear();
            for (const Json& item : json)
                read(name, item, value.emplace_back());
        } else if constexpr (IsMap<T>::value) {
            if (!json.is_object())
                return wrong(name, "must be an object");
            value.clear();
            for (const auto& [key, item] : json.items()) {
                const std::string whole = std::string(name) + "." + key.substr(0, 64);
                read(whole.c_str(), item, value[key]);
            }
        } else {
            if (!json.is_object())
                return wrong(name, "must be an object");
            Reader inner{json, path + name + ".", problem};
            describe(inner, value);
            inner.refuseUnknown();
        }
    }

    void refuseUnknown()
    {
        for (const auto& [key, item] : object.items()) {
            if (!known.contains(key))
                wrong(key.substr(0, 64).c_str(), "is not known");
        }
    }
};

// ---- struct → JSON Schema ----------------------------------------------------------------------

struct SchemaMaker
{
    Json properties = Json::object();
    Json required = Json::array();

    void operator()(const char* name, FileName&) { fileName(name, Presence::Always); }
    void operator()(const char* name, std::optional<FileName>&)
    {
        fileName(name, Presence::Sometimes);
    }
    template<class T>
        requires(!kIsFileName<T>)
    void operator()(const char* name, T& value)
    {
        if constexpr (IsOptional<T>::value) {
            typename T::value_type inner{};
            properties[name] = make(inner);
        } else {
            properties[name] = make(value);
            required.push_back(name);
        }
    }

    template<class T>
    void operator()(const char* name, WhenSet<T> field)
    {
        properties[name] = make(field.value);
    }

    template<class T>
    void operator()(const char* name, Demanded<T> field)
    {
        properties[name] = make(field.value);
        required.push_back(name);
    }

    enum class Presence { Always, Sometimes };

    void fileName(const char* name, Presence presence)
    {
        properties[name] = {{"type", "string"}};
        properties[std::string(name) + "_b64"] = {{"type", "string"},
                                                  {"contentEncoding", "base64"}};
        if (presence == Presence::Always)
            required.push_back(name);
    }

    template<class T>
    static Json make(T& value)
    {
        if constexpr (std::same_as<T, std::string>) {
            return {{"type", "string"}};
        } else if constexpr (std::same_as<T, bool>) {
            return {{"type", "boolean"}};
        } else if constexpr (std::same_as<T, std::int64_t>) {
            return {{"type", "integer"}};
        } else if constexpr (std::same_as<T, double>) {
            return {{"type", "number"}};
        } else if constexpr (std::is_enum_v<T>) {
            Json words = Json::array();
            for (const auto& [code, word] : wordsOf(value))
                words.push_back(word);
            return {{"type", "string"}, {"enum", std::move(words)}};
        } else if constexpr (IsVector<T>::value) {
            typename T::value_type item{};
            return {{"type", "array"}, {"items", make(item)}};
        } else if constexpr (IsMap<T>::value) {
            typename T::mapped_type item{};
            return {{"type", "object"}, {"additionalProperties", make(item)}};
        } else {
            SchemaMaker inner;
            describe(inner, value);
            return inner.schema();
        }
    }

    Json schema() const
    {
        return {{"type", "object"},
                {"properties", properties},
                {"required", required},
                {"additionalProperties", false}};
    }
};

} // namespace

template<class T>
Result<T> fromJson(std::string_view text)
{
    Result<Json> json = parseJson(text);
    if (!json)
        return std::unexpected(json.error());
    if (!json->is_object())
        return fail(ErrorCode::BadRequest, "the body must be a JSON object");
    T message{};
    std::string problem;
    Reader reader{*json, "", problem};
    describe(reader, message);
    reader.refuseUnknown();
    if (!problem.empty())
        return fail(ErrorCode::BadRequest, problem);
    return message;
}

template<class T>
std::string toJson(const T& message)
{
    // The visitors take fields by mutable reference, since one list of fields serves the reader
    // too; a copy keeps the promise of the signature.
    T copy = message;
    return dumpJson(Writer::write(copy));
}

template<class T>
std::string schemaOf()
{
    T message{};
    return dumpJson(SchemaMaker::make(message));
}

#define CAISSON_MESSAGE(Type)                                                                      \
    template Result<Type> fromJson<Type>(std::string_view);                                        \
    template std::string toJson<Type>(const Type&);                                                \
    template std::string schemaOf<Type>();

CAISSON_MESSAGE(CreateSandbox)
CAISSON_MESSAGE(PatchSandbox)
CAISSON_MESSAGE(Sandbox)
CAISSON_MESSAGE(SandboxList)
CAISSON_MESSAGE(ExecRequest)
CAISSON_MESSAGE(ExitStatus)
CAISSON_MESSAGE(StreamControl)
CAISSON_MESSAGE(OutputChunk)
CAISSON_MESSAGE(CreateTerminal)
CAISSON_MESSAGE(PatchTerminal)
CAISSON_MESSAGE(Terminal)
CAISSON_MESSAGE(TerminalList)
CAISSON_MESSAGE(FileEntry)
CAISSON_MESSAGE(FileList)
CAISSON_MESSAGE(FileAction)
CAISSON_MESSAGE(WatchEvent)
CAISSON_MESSAGE(EgressEntry)
CAISSON_MESSAGE(EgressLog)
CAISSON_MESSAGE(EgressRule)
CAISSON_MESSAGE(EgressPolicy)
CAISSON_MESSAGE(PutPolicy)
CAISSON_MESSAGE(PatchPolicy)
CAISSON_MESSAGE(ExplainRequest)
CAISSON_MESSAGE(Explanation)
CAISSON_MESSAGE(Prompt)
CAISSON_MESSAGE(PromptList)
CAISSON_MESSAGE(AnswerPrompt)
CAISSON_MESSAGE(PromptAnswered)
CAISSON_MESSAGE(PutSecret)
CAISSON_MESSAGE(UnlockSecrets)
CAISSON_MESSAGE(SecretUse)
CAISSON_MESSAGE(SecretInfo)
CAISSON_MESSAGE(SecretList)
CAISSON_MESSAGE(Health)
CAISSON_MESSAGE(HostInfo)
CAISSON_MESSAGE(Event)
CAISSON_MESSAGE(ErrorBody)
CAISSON_MESSAGE(Empty)
CAISSON_MESSAGE(InitHello)
CAISSON_MESSAGE(SpawnRequest)
CAISSON_MESSAGE(SpawnReply)
CAISSON_MESSAGE(ChannelExit)
CAISSON_MESSAGE(ChannelRef)
CAISSON_MESSAGE(ChannelSignal)
CAISSON_MESSAGE(ChannelResize)
CAISSON_MESSAGE(PathRequest)
CAISSON_MESSAGE(ReadRequest)
CAISSON_MESSAGE(WriteRequest)
CAISSON_MESSAGE(ListRequest)
CAISSON_MESSAGE(MoveRequest)
CAISSON_MESSAGE(WatchRequest)
CAISSON_MESSAGE(WatchBatch)
CAISSON_MESSAGE(StopKeeper)
CAISSON_MESSAGE(KeeperStatus)
CAISSON_MESSAGE(PolicyState)
CAISSON_MESSAGE(KeeperStart)
CAISSON_MESSAGE(SecretValues)
CAISSON_MESSAGE(SealedSecrets)
CAISSON_MESSAGE(SandboxRecord)

#undef CAISSON_MESSAGE

std::string errorToJson(const Error& error)
{
    return toJson(ErrorBody{error.message, std::string(codeName(error.code)), error.detail});
}

Error errorFromJson(std::string_view text)
{
    Result<ErrorBody> body = fromJson<ErrorBody>(text);
    if (!body)
        return Error{ErrorCode::Protocol, "the answer is not one of Caisson's", {}};
    return Error{codeFromName(body->code), body->error, body->detail};
}

std::string_view stateName(SandboxState state)
{
    return kWords_SandboxState[static_cast<std::size_t>(state)].second;
}

std::string_view fileTypeName(FileType type)
{
    return kWords_FileType[static_cast<std::size_t>(type)].second;
}

} // namespace caisson::api
