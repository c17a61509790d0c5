// SPDX-License-Identifier: GPL-3.0-or-later
#include "backend/policy/policy_file.h"

#include "backend/policy/rule_check.h"
#include "backend/policy/toml_shape.h"

#include <array>
#include <cstdio>
#include <unordered_map>

// Within this file only, and without exceptions: an error is a value with its place.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
// The rules, one, its inject and its basic are four. Time grows with the cube of the depth.
#define TOML_MAX_NESTED_VALUES 8
#include <toml++/impl/preprocessor.hpp>
// toml++ 3.4 asserts, and in release builds lets the compiler assume, that no element of an array
// begins with a '}'. It refuses "a = [}" with an error all the same, if it is allowed to get there.
#undef TOML_ASSERT
#undef TOML_ASSERT_ASSUME
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_ASSERT_ASSUME(expr) static_cast<void>(0)
#include <toml++/toml.hpp>

namespace caisson::policy {

namespace {

constexpr std::size_t kLongestFile = 1024 * 1024;
constexpr std::size_t kMostKeyParts = 8;

std::unexpected<Error> refuse(const toml::source_position& place, std::string_view why)
{
    const std::string line = std::to_string(place.line);
    const std::string column = std::to_string(place.column);
    return fail(ErrorCode::BadRequest,
                "line " + line + ", column " + column + ": " + std::string(why),
                {{"line", line}, {"column", column}});
}

std::unexpected<Error> refuse(const toml::node& node, std::string_view why)
{
    return refuse(node.source().begin, why);
}

std::string shown(std::string_view text)
{
    // The words of a stranger's file go to a terminal.
    std::string word = "\"";
    for (const char c : text.substr(0, 64))
        word += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return word + (text.size() > 64 ? "…\"" : "\"");
}

Result<std::string> textOf(const toml::node& node)
{
    const auto* text = node.as_string();
    if (!text)
        return refuse(node, "A text in quotes is wanted here.");
    return text->get();
}

Result<bool> yesOrNo(const toml::node& node)
{
    const auto* value = node.as_boolean();
    if (!value)
        return refuse(node, "true or false is wanted here.");
    return value->get();
}

template<class T, class Read>
Result<std::vector<T>> listOf(const toml::node& node, std::string_view what,
                              std::string_view without, Read read)
{
    const toml::array* list = node.as_array();
    if (!list)
        return refuse(node, "A list in brackets is wanted here.");
    if (list->empty())
        return refuse(node, "An empty list names no " + std::string(what) +
                                "; leave the key out to mean " + std::string(without) + ".");
    std::vector<T> values;
    for (const toml::node& element : *list) {
        Result<T> value = read(element);
        if (!value)
            return std::unexpected(std::move(value.error()));
        values.push_back(std::move(*value));
    }
    return values;
}

Result<std::uint16_t> portOf(const toml::node& node)
{
    const auto* number = node.as_integer();
    if (!number || number->get() < 1 || number->get() > 65535)
        return refuse(node, "A port is a number from 1 to 65535.");
    return static_cast<std::uint16_t>(number->get());
}

Result<WallTime> timeOf(const toml::node& node)
{
    using namespace std::chrono;
    const auto* value = node.as_date_time();
    if (!value || !value->get().offset)
        return refuse(node, "A time with its offset is wanted here, as 2026-12-01T12:00:00Z.");
    const toml::date_time& time = value->get();
    // Far inside what the clock can count in nanoseconds.
    if (time.date.year < 1970 || time.date.year > 2200)
        return refuse(node, "The year is not between 1970 and 2200.");
    const year_month_day day{year(time.date.year), month(time.date.month),
                             std::chrono::day(time.date.day)};
    // A leap second is the next minute's first: nothing here counts them.
    const auto ofDay = hours(time.time.hour) + minutes(time.time.minute) +
                       seconds(time.time.second) +
                       duration_cast<milliseconds>(nanoseconds(time.time.nanosecond));
    return WallTime(sys_days(day)) + ofDay - minutes(time.offset->minutes);
}

Result<void> readBasic(const toml::node& node, Injection& inject)
{
    const toml::table* table = node.as_table();
    if (!table)
        return refuse(node, "basic = { user = \"…\", password = \"…\" } is wanted here.");
    for (const auto& [key, value] : *table) {
        std::string* part = key == "user"       ? &inject.user
                            : key == "password" ? &inject.password
                                                : nullptr;
        if (!part)
            return refuse(key.source().begin, "There is no key " + shown(key.str()) + " here.");
        Result<std::string> text = textOf(value);
        if (!text)
            return std::unexpected(std::move(text.error()));
        *part = std::move(*text);
    }
    return {};
}

Result<Injection> basicOf(const toml::node& node)
{
    Injection inject;
    if (Result<void> read = readBasic(node, inject); !read)
        return std::unexpected(std::move(read.error()));
    return inject;
}

Result<Injection> injectionOf(const toml::node& node)
{
    const toml::table* table = node.as_table();
    if (!table)
        return refuse(node, "{ header = \"…\", value = \"…\" } or { basic = { user = \"…\", "
                            "password = \"…\" } } is wanted here.");
    Injection inject;
    for (const auto& [key, value] : *table) {
        if (key == "basic") {
            if (Result<void> read = readBasic(value, inject); !read)
                return std::unexpected(std::move(read.error()));
            continue;
        }
        std::string* part = key == "header"  ? &inject.header
                            : key == "value" ? &inject.value
                                             : nullptr;
        if (!part)
            return refuse(key.source().begin, "There is no key " + shown(key.str()) + " here.");
        Result<std::string> text = textOf(value);
        if (!text)
            return std::unexpected(std::move(text.error()));
        *part = std::move(*text);
    }
    return inject;
}

/// Puts what `read` gives into `place`.
template<class T, class Place>
Result<void> take(Result<T> read, Place& place)
{
    if (!read)
        return std::unexpected(std::move(read.error()));
    place = std::move(*read);
    return {};
}

Result<Action> actionOf(const toml::node& node, std::string_view choice)
{
    const Result<std::string> word = textOf(node);
    if (!word)
        return std::unexpected(word.error());
    const std::optional<Action> action = actionFromName(*word);
    if (!action)
        return refuse(node, shown(*word) + " is no action: " + std::string(choice) + ".");
    return *action;
}

constexpr std::string_view kActions = "allow, deny, ask and tunnel are";

Result<Lasts> lastsOf(const toml::node& node)
{
    const Result<std::string> word = textOf(node);
    if (!word)
        return std::unexpected(word.error());
    const std::optional<Lasts> lasts = lastsFromName(*word);
    if (!lasts)
        return refuse(node, shown(*word) + " is not always, session or process.");
    return *lasts;
}

Result<std::optional<Cidr>> cidrOf(const toml::node& node)
{
    const Result<std::string> text = textOf(node);
    if (!text)
        return std::unexpected(text.error());
    const std::optional<Cidr> cidr = Cidr::parse(*text);
    if (!cidr)
        return refuse(node, "This is no block of addresses as 203.0.113.0/24, with nothing behind "
                            "its prefix.");
    return cidr;
}

Result<std::int64_t> pidOf(const toml::node& node)
{
    const auto* number = node.as_integer();
    if (!number || number->get() < 1)
        return refuse(node, "A pid is a number from 1.");
    return number->get();
}

/// A text that would be the same as a missing key if it were empty.
Result<std::string> wordsOf(const toml::node& node)
{
    Result<std::string> text = textOf(node);
    if (text && text->empty())
        return refuse(node, "The text is empty; leave the key out instead.");
    return text;
}

Result<void> readKey(const toml::key& key, const toml::node& value, Rule& rule)
{
    if (key == "id")
        return take(wordsOf(value), rule.id);
    if (key == "enabled")
        return take(yesOrNo(value), rule.enabled);
    if (key == "host")
        return take(wordsOf(value), rule.host);
    if (key == "cidr")
        return take(cidrOf(value), rule.cidr);
    if (key == "ports")
        return take(listOf<std::uint16_t>(value, "port", "the usual ones", portOf), rule.ports);
    if (key == "methods")
        return take(listOf<std::string>(value, "method", "any", textOf), rule.methods);
    if (key == "path")
        return take(wordsOf(value), rule.path);
    if (key == "process")
        return take(wordsOf(value), rule.process);
    if (key == "action")
        return take(actionOf(value, kActions), rule.action);
    if (key == "private")
        return take(yesOrNo(value), rule.isPrivate);
    if (key == "expires")
        return take(timeOf(value), rule.expires);
    if (key == "lasts")
        return take(lastsOf(value), rule.lasts);
    if (key == "pid")
        return take(pidOf(value), rule.pid);
    if (key == "inject" || key == "basic") {
        if (rule.inject)
            return refuse(value, "A rule has inject or basic, not both.");
        return take(key == "basic" ? basicOf(value) : injectionOf(value), rule.inject);
    }
    if (key == "note")
        return take(textOf(value), rule.note);
    return refuse(key.source().begin, "There is no key " + shown(key.str()) + " in a rule.");
}

Result<Rule> readRule(const toml::table& table)
{
    Rule rule;
    for (const auto& [key, value] : table) {
        if (Result<void> read = readKey(key, value, rule); !read)
            return std::unexpected(std::move(read.error()));
    }
    if (!table.contains("action"))
        return refuse(table, "The rule has no action.");
    if (const std::optional<RuleFault> fault = checkRule(rule)) {
        const toml::node* culprit = table.get(fault->key);
        if (!culprit && fault->key == "inject")
            culprit = table.get("basic");
        return refuse(culprit ? *culprit : table, fault->message);
    }
    return rule;
}

Result<std::vector<Rule>> readRules(const toml::node& node)
{
    const toml::array* tables = node.as_array();
    if (!tables)
        return refuse(node, "Each rule begins with [[rule]].");
    if (tables->size() > kMostRules)
        return refuse(node, "A policy has at most 10,000 rules.");
    std::vector<Rule> rules;
    std::unordered_map<std::string, toml::source_index> lines;
    for (const toml::node& element : *tables) {
        const toml::table* table = element.as_table();
        if (!table)
            return refuse(element, "Each rule begins with [[rule]].");
        Result<Rule> rule = readRule(*table);
        if (!rule)
            return std::unexpected(std::move(rule.error()));
        if (!rule->id.empty()) {
            const toml::node& id = *table->get("id");
            const auto [first, isNew] = lines.emplace(rule->id, id.source().begin.line);
            if (!isNew)
                return refuse(id, "The rule in line " + std::to_string(first->second) +
                                      " has this id already.");
        }
        rules.push_back(std::move(*rule));
    }
    return rules;
}

std::string tomlText(std::string_view text)
{
    std::string written = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            written += '\\';
            written += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04X", static_cast<unsigned>(c));
            written += escape.data();
        } else {
            written += c;
        }
    }
    return written + '"';
}

template<class List, class Write>
std::string tomlList(const List& list, Write write)
{
    std::string written = "[";
    for (const auto& element : list) {
        if (written.size() > 1)
            written += ", ";
        written += write(element);
    }
    return written + "]";
}

std::string tomlInjection(const Injection& inject)
{
    if (!inject.header.empty())
        return "{ header = " + tomlText(inject.header) + ", value = " + tomlText(inject.value) +
               " }";
    return "{ basic = { user = " + tomlText(inject.user) +
           ", password = " + tomlText(inject.password) + " } }";
}

void writeRule(const Rule& rule, std::string& file)
{
    const auto put = [&file](std::string_view key, std::string_view value) {
        file += key;
        file += " = ";
        file += value;
        file += '\n';
    };
    const auto putText = [&put](std::string_view key, std::string_view text) {
        if (!text.empty())
            put(key, tomlText(text));
    };
    file += "\n[[rule]]\n";
    putText("id", rule.id);
    if (!rule.enabled)
        put("enabled", "false");
    putText("host", rule.host);
    if (rule.cidr)
        putText("cidr", rule.cidr->toString());
    if (!rule.ports.empty())
        put("ports", tomlList(rule.ports, [](std::uint16_t port) { return std::to_string(port); }));
    if (!rule.methods.empty())
        put("methods", tomlList(rule.methods, tomlText));
    putText("path", rule.path);
    putText("process", rule.process);
    putText("action", actionName(rule.action));
    if (rule.isPrivate)
        put("private", "true");
    if (rule.expires)
        put("expires", toRfc3339(*rule.expires));
    if (rule.lasts != Lasts::Always)
        putText("lasts", lastsName(rule.lasts));
    if (rule.pid != 0)
        put("pid", std::to_string(rule.pid));
    if (rule.inject)
        put("inject", tomlInjection(*rule.inject));
    putText("note", rule.note);
}

} // namespace

Result<Policy> parsePolicy(std::string_view toml, MissingIds missing)
{
    if (toml.size() > kLongestFile)
        return refuse({1, 1}, "A policy file has at most 1 MiB.");
    if (const std::optional<TextPlace> place = keyOfTooManyParts(toml, kMostKeyParts))
        return refuse({static_cast<toml::source_index>(place->line),
                       static_cast<toml::source_index>(place->column)},
                      "This key has too many parts.");
    const toml::parse_result parsed = toml::parse(toml);
    if (!parsed)
        return refuse(parsed.error().source().begin, parsed.error().description());
    if (parsed.table().empty())
        return refuse({1, 1},
                      "The file is empty but for remarks; write at least default = \"ask\".");
    Policy policy;
    for (const auto& [key, value] : parsed.table()) {
        if (key == "default") {
            constexpr std::string_view kChoice = "allow, deny and ask are";
            Result<void> read = take(actionOf(value, kChoice), policy.defaultAction);
            if (!read)
                return std::unexpected(std::move(read.error()));
            if (policy.defaultAction == Action::Tunnel)
                return refuse(value, "The default is allow, deny or ask.");
        } else if (key == "rule") {
            if (Result<void> read = take(readRules(value), policy.rules); !read)
                return std::unexpected(std::move(read.error()));
        } else {
            return refuse(key.source().begin, "There is no key " + shown(key.str()) +
                                                  " here: default and [[rule]] are.");
        }
    }
    if (missing == MissingIds::Made)
        makeMissingIds(policy);
    return policy;
}

std::string writePolicy(const Policy& policy)
{
    std::string file = "default = " + tomlText(actionName(policy.defaultAction)) + "\n";
    for (const Rule& rule : policy.rules)
        writeRule(rule, file);
    return file;
}

} // namespace caisson::policy
