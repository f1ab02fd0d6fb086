"""`i2ikit check`: builds a config and shows what it would train."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from i2ikit.cli.console import busy, make_table, out, write
from i2ikit.cli.default_config import with_default_config
from i2ikit.cli.options import ConfigOptions, folders, recipe_names, takes
from i2ikit.engine.reporter import format_length

if TYPE_CHECKING:
    from rich.table import Table

    from i2ikit.profiling.training_plan import TrainingPlan


@takes(ConfigOptions)
def check(options: ConfigOptions) -> None:
    """Build a config and show what it would train.

    With --data DIR alone, one is chosen that suits the images and the machine. Shows networks, objective,
    optimizers, schedule, data, cost and length.

    Peak memory is the most that tensors hold in a training step; the process itself needs about 0.5 GB more.
    """
    if options.config is None:
        options = with_default_config("check", options)
    with busy("Checking the config"):
        from i2ikit.config import find_config, resolve_config
        from i2ikit.profiling.training_plan import add_costs, plan_training

        data = folders(options.data, options.data_a, options.data_b)
        path, names = find_config(options.config or ""), recipe_names(options.recipes)
        plan = plan_training(resolve_config(path, options.overrides or (), data, names))
        add_costs(plan)
    for table in _tables(plan):
        out().print(table)
        write()
    if plan.cost_error:
        write(f"Cost: unknown, {plan.cost_error}")
    write(_length(plan))
    if plan.rate is not None:
        write(f"Rate:   {plan.rate}")
        if plan.rate.warning():
            write(f"Warning: {plan.rate.warning()}")
    for error in (plan.shape_error, plan.data_error):
        if error is not None:
            raise error


def _tables(plan: "TrainingPlan") -> Iterator["Table"]:
    columns = ["network", "type", "parameters", "updated by"]
    yield make_table(columns, _network_rows(plan), right=["parameters"], title="Networks")
    columns = ["phase", "updates", "term", "type", "reads", "weight"]
    yield make_table(columns, _term_rows(plan), right=["weight"], title="Objective")
    columns = ["phase", "network", "optimizer", "learning rate", "options"]
    yield make_table(columns, _optimizer_rows(plan), right=["learning rate"], title="Optimizers")
    if plan.schedule:
        columns = list(plan.schedule[0])
        rows = (map(_number, row.values()) for row in plan.schedule)
        yield make_table(columns, rows, right=columns, title="Schedule")
    yield make_table(["split", "type", "items"], _data_rows(plan), right=["items"], title="Data")
    if plan.costs:
        columns = ["multiply-accumulates", "held between steps", "peak memory"]
        yield make_table(["setting", *columns], _cost_rows(plan), right=columns, title=_batch(plan))


def _network_rows(plan: "TrainingPlan") -> Iterator[list[str]]:
    for name, network in plan.model.networks.items():
        count = sum(parameter.numel() for parameter in network.parameters())
        names = [each for each in plan.model.language.networks if plan.model.language.full(each) == name]
        yield [", ".join(names), type(network).__name__, f"{count:,}", _updated_by(plan, name)]


def _updated_by(plan: "TrainingPlan", network: str) -> str:
    if network in plan.model.averages:
        return f"average of {plan.model.averages[network].of}"
    phases = [phase.name for phase in plan.model.phases.values() if network in phase.update]
    return ", ".join(phases) or "no phase: its weights never change"


def _term_rows(plan: "TrainingPlan") -> Iterator[list[str]]:
    for phase in plan.model.phases.values():
        heading = [phase.name, ", ".join(phase.update)]
        for name, weighted in phase.terms.items():
            images = ", ".join(dict.fromkeys(read.image for read in weighted.term.reads()))
            yield [*heading, name, type(weighted.term).__name__, images, plan.weight(phase.name, name)]
            heading = ["", ""]


def _optimizer_rows(plan: "TrainingPlan") -> Iterator[list[str]]:
    for phase, optimizer in plan.optimizers.items():
        for group in optimizer.param_groups:
            changed = [
                f"{key}={tuple(value) if isinstance(value, list) else value}"
                for key, value in group.items()
                if key in plan.config["optimizer"] and key not in ("type", "lr", "params", "name")
            ]
            yield [phase, group["name"], type(optimizer).__name__, _number(group["lr"]), ", ".join(changed)]


def _data_rows(plan: "TrainingPlan") -> Iterator[list[str]]:
    for split, count in plan.items.items():
        yield [split, plan.config["data"][split]["type"], "not found" if count is None else str(count)]


def _batch(plan: "TrainingPlan") -> str:
    """Return the title of the table of costs: the shapes of a batch and the number of trained parameters."""
    shapes = {"x".join(map(str, shape)): domain for domain, shape in plan.shapes.items()}
    trained = next(iter(plan.costs.values())).parameters
    return f"Cost of a step on images of {' and '.join(shapes)}, {trained:,} trained parameters"


def _cost_rows(plan: "TrainingPlan") -> Iterator[list[str]]:
    train = plan.config["train"]
    configured = train["precision"] + (", activations checkpointed" if train["checkpoint_activations"] else "")
    for name, cost in plan.costs.items():
        title = name or f"as configured: {configured}"
        yield [title, f"{cost.macs / 1e9:.4g} G", _bytes(cost.held), _bytes(cost.peak)]


def _bytes(count: int) -> str:
    return f"{count / 2**30:.2f} GB" if count >= 1000 * 2**20 else f"{count / 2**20:.3g} MB"


def _length(plan: "TrainingPlan") -> str:
    batch = plan.config["data"]["batch_size"]
    if plan.steps is None:
        train = plan.config["train"]
        given = ", ".join(f"{train[name]} {name}" for name in ("epochs", "steps") if train.get(name) is not None)
        return f"Length: {given}, batch {batch}"
    return f"Length: {format_length(plan.steps, plan.epochs or 0, plan.steps_per_epoch or 0)}, batch {batch}"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
