"""The tests mirror the package: a module's test has its name, or is named here."""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "srnet_cli"

ELSEWHERE = {
    "api/test_run.py": "api/answer api/notebook api/plots api/tables",
    "cgp/kernels/direct/test_count.py": "cgp/kernels/direct/entries",
    "cgp/kernels/direct/test_tuning.py": "cgp/kernels/direct/moments cgp/kernels/direct/tree",
    "evolution/direct/test_search.py": (
        "cgp/kernels/direct/archive cgp/kernels/direct/graft cgp/kernels/direct/island "
        "cgp/kernels/direct/judging evolution/direct/judging evolution/direct/output_rows "
        "evolution/direct/output_search evolution/direct/progress evolution/direct/settings "
        "evolution/direct/sharing evolution/direct/state evolution/direct/strategy"
    ),
    "evolution/direct/test_sums.py": (
        "evolution/direct/term_selection evolution/direct/term_tuning"
    ),
    "evolution/direct/test_rewriting.py": ("evolution/direct/formula evolution/direct/shortening"),
    "proofs/test_enclosures.py": (
        "cgp/kernels/intervals/backwards "
        "cgp/kernels/intervals/derivatives cgp/kernels/intervals/forms "
        "cgp/kernels/intervals/function_forms cgp/kernels/intervals/operations "
        "cgp/kernels/intervals/relaxation cgp/kernels/intervals/room "
        "cgp/kernels/intervals/rounding cgp/kernels/intervals/rows cgp/kernels/intervals/slopes "
        "cgp/kernels/intervals/tape cgp/kernels/intervals/values proofs/networks"
    ),
    "proofs/test_claims.py": "proofs/subdivision proofs/witnesses",
    "proofs/test_symmetries.py": "proofs/exact",
    "runs/test_proving.py": (
        "proofs/proof proofs/proving proofs/questions runs/proof_document runs/proofs_file"
    ),
    "evolution/mnncgp/test_against_reference.py": (
        "cgp/kernels/mnncgp/composite cgp/kernels/mnncgp/directions "
        "cgp/kernels/mnncgp/generation cgp/kernels/mnncgp/layout cgp/kernels/mnncgp/loss "
        "cgp/kernels/mnncgp/phenotypes cgp/kernels/mnncgp/sums cgp/kernels/mnncgp/sweep "
        "cgp/kernels/mnncgp/workspace"
    ),
    "evolution/mnncgp/test_strategy.py": "evolution/mnncgp/state",
    "evolution/auto/test_packing.py": "evolution/auto/state",
    "evolution/test_untrusted.py": "evolution/restoring",
    "cgp/kernels/test_seeding.py": "cgp/kernels/weighted cgp/kernels/opcodes",
    "behaviour/test_command_line.py": (
        "cli/app cli/bench cli/compare cli/console cli/explain cli/export cli/fit cli/network "
        "cli/options cli/predict cli/prove cli/report cli/runs cli/validate"
    ),
    "behaviour/test_first_steps.py": (
        "runs/removing cli/completion cli/doctor cli/init inspect/doctor"
    ),
    "behaviour/test_cli_page.py": "cli/warmup cli/examples config/environment",
    "compare/test_comparing.py": (
        "compare/boundaries compare/comparison compare/document compare/effort compare/files "
        "compare/path compare/plots"
    ),
    "config/test_schema.py": (
        "config/dataset config/evolution/auto config/evolution/common config/evolution/direct "
        "config/evolution/mnncgp_es config/network config/proof config/section config/types"
    ),
    "config/test_loading.py": (
        "config/problems config/schema_parts config/suggestions config/written"
    ),
    "networks/test_activations.py": "config/activation_names",
    "datasets/test_tables.py": ("datasets/coding datasets/faults datasets/parquet_file "),
    "evolution/auto/test_strategy.py": (
        "evolution/auto/budget evolution/auto/chromosome evolution/auto/remarks"
    ),
    "evolution/auto/whole/test_stages.py": "evolution/auto/evidence evolution/auto/stage",
    "executor/test_local.py": "executor/leash executor/processors",
    "explain/test_document.py": "explain/layer_section",
    "explain/test_explaining.py": (
        "explain/answer explain/explanation expressions/printed runs/choice runs/expressions_file"
    ),
    "behaviour/test_choosing_formulas.py": "explain/front_list runs/fronts",
    "behaviour/test_taking_formulas_out.py": (
        "explain/hybrid predict/predicting runs/domain runs/outputs"
    ),
    "export/test_formats.py": (
        "export/c_code export/code export/excel_sheet export/exporting export/jax_code "
        "export/numpy_code export/onnx_graph export/papers export/python_code export/stable "
        "export/subject export/sympy_code export/torch_code runs/selection"
    ),
    "export/test_names_and_notes.py": "export/identifiers",
    "expressions/test_normal_form.py": (
        "expressions/numeric expressions/algebra expressions/arrangement expressions/term_order"
    ),
    "expressions/test_constants.py": "expressions/cancellation expressions/reading",
    "expressions/test_printers.py": "expressions/markup",
    "fidelity/test_assessment.py": "fidelity/labels fidelity/layers fidelity/row_sets",
    "fidelity/test_influence.py": "fidelity/tables",
    "fit/test_fitting.py": "fit/finishing fit/plots fit/proofs",
    "behaviour/test_class_data.py": "fit/boundary_rows",
    "datasets/test_pmlb.py": "datasets/suggest",
    "fit/test_preparation.py": "fit/inputs fit/structure",
    "fit/test_results.py": "fit/formulas",
    "fronts/test_making.py": "fronts/compositions fronts/rows",
    "inspect/test_inspecting.py": "inspect/document",
    "networks/test_opening.py": "networks/arranging networks/layout networks/suspicion",
    "networks/test_formats.py": "networks/npz networks/safetensors_file",
    "networks/test_callables.py": "networks/opaque networks/torch_module",
    "networks/test_network.py": "networks/trained",
    "networks/readers/onnx/test_running.py": (
        "networks/graph networks/readers/onnx/confirming networks/readers/onnx/models "
        "networks/readers/onnx/runnable"
    ),
    "networks/readers/onnx/folding/test_operators.py": (
        "networks/readers/onnx/folding/affine networks/readers/onnx/folding/arguments "
        "networks/readers/onnx/folding/arithmetic networks/readers/onnx/folding/constants "
        "networks/readers/onnx/folding/normalisation networks/readers/onnx/folding/passing "
        "networks/readers/onnx/folding/pooling networks/readers/onnx/folding/recognition "
        "networks/readers/onnx/folding/shapes networks/readers/onnx/folding/values"
    ),
    "networks/readers/exported/test_reading.py": (
        "networks/readers/exported/operators/calls networks/readers/exported/operators/elementwise "
        "networks/readers/exported/operators/linear networks/readers/exported/operators/passing "
        "networks/readers/exported/operators/pooling "
        "networks/readers/exported/operators/reductions "
        "networks/readers/exported/operators/shapes networks/readers/exported/program "
        "networks/readers/exported/writer"
    ),
    "networks/readers/onnx/test_reading.py": "networks/readers/onnx/dense",
    "networks/readers/test_torch_file.py": (
        "networks/readers/archive networks/readers/plain_pickle networks/readers/stack "
        "networks/readers/state networks/readers/torch_script networks/zips"
    ),
    "networks/readers/test_keras_file.py": "networks/readers/keras_weights",
    "networks/readers/test_registry.py": "networks/readers/loaded",
    "rendering/test_text.py": "rendering/breaking rendering/plain",
    "rendering/test_html.py": (
        "rendering/diagram rendering/diagram_svg rendering/formats rendering/svg "
        "rendering/svg_axes rendering/svg_series rendering/svg_words"
    ),
    "rendering/test_data.py": "rendering/document",
    "rendering/test_latex.py": "rendering/latex_words",
    "report/test_reporting.py": (
        "report/answer report/classes report/document report/effects report/faithfulness "
        "report/fronts report/layers report/origin report/readings report/search "
        "report/side_by_side report/subject report/suite"
    ),
    "cli/test_progress.py": "reporting",
    "runs/test_run.py": "runs/formulas",
    "runs/test_record.py": "runs/files runs/records",
    "store/test_folder.py": "store/commit store/stored_run",
    "structure/test_search.py": (
        "structure/bar structure/differences structure/findings structure/fractions "
        "structure/groupings structure/region structure/symmetries structure/view"
    ),
    "suites/test_summary.py": "suites/comparing suites/overview suites/published",
    "suites/test_ledger.py": "suites/folder",
    "suites/test_plan.py": "suites/reading",
    "suites/test_running.py": "suites/reports suites/session",
    "suites/test_supplies.py": "suites/luggage",
}
"""Tests, and the modules without a test of their name that they are the ones to look at for."""


def modules() -> set[str]:
    """All modules that have a name, by their path within the package."""
    paths = (path.relative_to(PACKAGE).with_suffix("") for path in PACKAGE.rglob("*.py"))
    return {path.as_posix() for path in paths if not path.name.startswith("__")}


def has_own_test(module: str) -> bool:
    path = Path(module)
    return (TESTS / path.parent / f"test_{path.name}.py").exists()


def test_every_module_has_a_test_of_its_name_or_is_named_here() -> None:
    """Nobody has to search for the test of a module, and nothing here is out of date."""
    named = [module for listed in ELSEWHERE.values() for module in listed.split()]
    assert len(named) == len(set(named))
    without = {module for module in modules() if not has_own_test(module)}
    assert set(named) == without


def test_the_tests_that_are_named_exist() -> None:
    for test in ELSEWHERE:
        assert (TESTS / test).is_file(), test
