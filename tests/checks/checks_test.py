"""Each check of tools/ fails on what it is for: small checkouts with one thing wrong."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

SOUND = {
    "src/LAYERS": "base:\nmodel: base\n",
    "src/base/CMakeLists.txt": "scoria_folder(base SOURCES file.cc)\n",
    "src/base/file.h": "// Reads whole files.\n#pragma once\n",
    "src/base/file.cc": '#include "base/file.h"\n\n#include <vector>\n',
    "src/model/tree/forest.h": '// Adds up trees.\n#pragma once\n\n#include "base/file.h"\n',
    "src/model/loaders.cc": '    {"gbm", "R gbm: boosted trees", tree::load_r_gbm},\n',
    "docs/architecture.md": "| `base` | files |\n| `model` | models |\n",
    "docs/models.md": "`gbm`\n",
    "docs/decisions/0001-why.md": "# 1\n## Context\n## Options\n## Decision\n## Consequences\n## What would reopen it\n",
    "README.md": "# Hello\n\nSee [the map](docs/architecture.md#) and `docs/models.md`; run `make test`.\n",
    "CHANGELOG.md": "# Changes\n\n## Unreleased\n\n### Added\n",
    "Makefile": "test: ## tests\n",
}


class Checks(unittest.TestCase):
    def run_check(self, tool, changes):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**SOUND, **changes}.items():
                if text is None:
                    continue
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            subprocess.run(["git", "init", "-q", folder], check=True)
            return subprocess.run([ROOT / "tools" / tool, "--root", folder], capture_output=True, text=True)

    def refuses(self, tool, changes, message):
        result = self.run_check(tool, changes)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(message, result.stderr)
        self.assertEqual(len(result.stderr.strip().split("\n")), 1, "one wrong thing, one problem: " + result.stderr)

    def test_sound_tree_passes(self):
        for tool in ("check_layers", "check_docs", "check_size"):
            result = self.run_check(tool, {})
            self.assertEqual((result.returncode, result.stderr), (0, ""), tool)

    def test_layers_refuses_an_include_from_above(self):
        self.refuses("check_layers", {"src/base/file.cc": '#include "model/tree/forest.h"\n'},
                     "src/base/file.cc:1: src/LAYERS does not let 'base' include 'model'")

    def test_layers_refuses_a_row_that_names_one_below(self):
        self.refuses("check_layers", {"src/LAYERS": "base: model\nmodel: base\n"}, "which is not a row above it")

    def test_layers_refuses_an_include_that_is_no_path_from_src(self):
        self.refuses("check_layers", {"src/base/file.cc": '#include "file.h"\n'}, "must be a path from src/")

    def test_layers_refuses_ours_in_angle_brackets(self):
        self.refuses("check_layers", {"src/base/file.cc": "#include <base/file.h>\n"}, "is ours")

    def test_layers_refuses_a_folder_without_a_row(self):
        self.refuses("check_layers", {"src/table/column.h": "// One typed column.\n#pragma once\n",
                                      "docs/architecture.md": "`base` `model` `table`"}, "has no row in src/LAYERS")

    def test_layers_refuses_a_row_without_a_folder(self):
        self.refuses("check_layers", {"src/LAYERS": "base:\nmodel: base\ncli: base\n",
                                      "docs/architecture.md": "`base` `model` `cli`"}, "there is no src/cli")

    def test_layers_refuses_a_folder_that_the_architecture_does_not_name(self):
        self.refuses("check_layers", {"docs/architecture.md": "`base`"}, "does not name the folder `model`")

    def test_layers_refuses_a_header_without_a_first_comment(self):
        self.refuses("check_layers", {"src/base/file.h": "#pragma once\n"}, "must begin with a comment")

    def test_layers_refuses_a_header_without_a_guard(self):
        self.refuses("check_layers", {"src/base/file.h": "// Reads whole files.\n"}, "#pragma once")

    def test_layers_refuses_names_that_say_nothing(self):
        for name in ("string_utils.h", "common.h", "job_manager.h"):
            self.refuses("check_layers", {"src/base/" + name: "// Does various things.\n#pragma once\n"}, "says nothing")

    def test_layers_refuses_folders_too_deep(self):
        self.refuses("check_layers", {"src/model/tree/gbm/a.h": "// Reads a gbm.\n#pragma once\n"}, "lies deeper")

    def test_layers_refuses_a_source_that_nothing_builds(self):
        self.refuses("check_layers", {"src/base/file_test.cc": "\n"}, "is not listed in src/base/CMakeLists.txt")

    def test_docs_refuses_a_dead_link(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "[gone](docs/gone.md)"}, "links to 'docs/gone.md'")

    def test_docs_refuses_a_dead_picture(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "![gone](docs/gone.svg)"}, "links to 'docs/gone.svg'")

    def test_docs_refuses_a_dead_heading(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "[gone](README.md#goodbye)"}, "has no such heading")

    def test_docs_refuses_a_file_that_is_not_there(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "See `src/base/gone.h`."}, "names the file 'src/base/gone.h'")

    def test_docs_refuses_a_target_that_the_makefile_lacks(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "Run `make tset`."}, "'make tset' is not a command")
        self.refuses("check_docs", {"CONTRIBUTING.md": "```sh\nmake tset  # all\n```\n"}, "'make tset' is not a command")

    def test_docs_refuses_a_command_that_the_program_lacks(self):
        self.refuses("check_docs", {"src/cli/a.cc": 'add_subcommand("score")', "CONTRIBUTING.md": "`scoria socre m.rds`"},
                     "'scoria socre' is not a command")

    def test_docs_refuses_a_placeholder(self):
        self.refuses("check_docs", {"CONTRIBUTING.md": "It takes TBD-lead ms."}, "a placeholder is left")

    def test_docs_refuses_a_changelog_without_unreleased(self):
        self.refuses("check_docs", {"CHANGELOG.md": "# Changes\n"}, "must have '## Unreleased' first")

    def test_docs_refuses_an_unknown_kind_of_change(self):
        self.refuses("check_docs", {"CHANGELOG.md": "## Unreleased\n### Misc\n"}, "'Misc' is none of")

    def test_docs_refuses_a_readme_longer_than_a_screen(self):
        self.refuses("check_docs", {"README.md": "line\n" * 200}, "one screen")

    def test_docs_refuses_a_model_family_that_is_not_documented(self):
        self.refuses("check_docs", {"docs/models.md": "`lm`\n"}, "does not name `gbm`")

    def test_docs_refuses_a_registry_that_it_cannot_read(self):
        self.refuses("check_docs", {"src/model/loaders.cc": "// other form\n"}, "no registry line was recognised")

    def test_docs_refuses_a_decision_without_its_sections(self):
        self.refuses("check_docs", {"docs/decisions/0002-what.md": "# 2\n## Context\n"}, "must have the sections")

    def test_docs_refuses_a_decision_number_given_twice(self):
        self.refuses("check_docs", {"docs/decisions/0001-zzz.md": SOUND["docs/decisions/0001-why.md"]}, "has the number of")

    def test_size_refuses_long_files(self):
        self.refuses("check_size", {"src/base/file.cc": "int a;\n" * 801}, "more than 800 want a seam")

    def test_size_lets_generated_files_be_long(self):
        result = self.run_check("check_size", {"src/base/file.cc": "// Generated by make_it.R\n" + "int a;\n" * 900})
        self.assertEqual(result.returncode, 0)

    def test_size_warns_of_files_that_grow(self):
        result = self.run_check("check_size", {"src/base/file.cc": "int a;\n" * 401})
        self.assertEqual((result.returncode, result.stdout), (0, "src/base/file.cc: 401 lines (aim under 400)\n"))


unittest.main()
