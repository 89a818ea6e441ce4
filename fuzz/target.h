// What a fuzz target is: one program that is given inputs, by libFuzzer or by a replay of the
// corpora, and dies where a property does not hold. Each target is one file that defines
// test_input and add_seeds.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace imcd::fuzz {

// Checks all properties on one input.
void test_input(std::string_view input);

// Gives inputs to begin with, made from the parser's case documents.
using AddSeed = std::function<void(std::string_view seed)>;
void add_seeds(const AddSeed& add);

// Ends the process with the sentence if there is one: a property is broken.
void expect_none(const std::optional<std::string>& broken);
void expect(bool holds, std::string_view sentence);

}  // namespace imcd::fuzz
