"""azure-batch 15 (api-version 2025-06-01): another client altogether. Pollers, a wide patch of a pool, collections by threads, errors."""

import datetime

from azure.batch import BatchClient, models
from azure.core import MatchConditions
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from check import account, done, step, until

client = BatchClient(account["batchUrl"], AzureNamedKeyCredential(account["accountName"], account["accountKey"]))
IMAGE = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(publisher="canonical", offer="0001-com-ubuntu-server-jammy", sku="22_04-lts"),
    node_agent_sku_id="batch.node.ubuntu 22.04")
ID = "py-2025"


def refused(error, code, call):
    """call() must end with this class of error and Azure's own code."""
    try:
        call()
    except error as found:
        assert code is None or found.error.code == code, found
        return
    raise AssertionError(f"was not refused with {code}")


def completed(task):
    return until(f"{task} completed", 30, lambda: (lambda t: t if t.state == "completed" else None)(client.get_task(ID, task)))


@step("pool: an empty one takes a wide patch, one with nodes does not")
def _():
    client.create_pool(models.BatchPoolCreateOptions(
        id=ID, vm_size="standard_a1_v2", virtual_machine_configuration=IMAGE, target_dedicated_nodes=0, display_name="Bäume ☃",
        metadata=[models.BatchMetadataItem(name="a", value="b")]))
    assert client.get_pool(ID).display_name == "Bäume ☃"
    client.update_pool(ID, models.BatchPoolUpdateOptions(
        display_name="other", task_slots_per_node=2, task_scheduling_policy=models.BatchTaskSchedulingPolicy(node_fill_type="pack")))
    pool = client.get_pool(ID)
    assert (pool.display_name, pool.task_slots_per_node, pool.task_scheduling_policy.node_fill_type) == ("other", 2, "pack"), pool
    assert pool.metadata[0].value == "b"
    resized = client.begin_resize_pool(ID, models.BatchPoolResizeOptions(target_dedicated_nodes=1), polling_interval=0.2)
    resized.result()
    assert resized.done() and client.get_pool(ID).current_dedicated_nodes == 1
    refused(ResourceExistsError, "OperationInvalidForCurrentState",
            lambda: client.update_pool(ID, models.BatchPoolUpdateOptions(task_slots_per_node=1)))
    refused(ResourceExistsError, "PoolExists", lambda: client.create_pool(
        models.BatchPoolCreateOptions(id=ID.upper(), vm_size="standard_a1_v2", virtual_machine_configuration=IMAGE)))
    refused(ResourceNotFoundError, "PoolNotFound", lambda: client.get_pool("missing"))
    refused(ResourceModifiedError, None, lambda: client.update_pool(
        ID, models.BatchPoolUpdateOptions(metadata=[]), etag='"0x0"', match_condition=MatchConditions.IfNotModified))


@step("pool: autoscale is enabled, evaluated and disabled")
def _():
    client.enable_pool_auto_scale(ID, models.BatchPoolEnableAutoScaleOptions(
        auto_scale_formula="$TargetDedicatedNodes=1", auto_scale_evaluation_interval=datetime.timedelta(minutes=6)))
    run = client.evaluate_pool_auto_scale(ID, models.BatchPoolEvaluateAutoScaleOptions(auto_scale_formula="$TargetDedicatedNodes=2;a=1"))
    assert run.results == "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;a=1", run.results
    client.disable_pool_auto_scale(ID)


@step("tasks: 450 by threads, one twice, in pages")
def _():
    client.create_job(models.BatchJobCreateOptions(id=ID, pool_info=models.BatchPoolInfo(pool_id=ID), uses_task_dependencies=True))
    tasks = [models.BatchTaskCreateOptions(id=f"t{i}", command_line="/bin/sh -c 'echo $AZ_BATCH_TASK_ID'") for i in range(450)]
    client.create_tasks(ID, tasks, max_concurrency=4)
    again = client.create_tasks(ID, [tasks[0]])
    assert "TaskExists" in str(again.as_dict() if hasattr(again, "as_dict") else again), again
    refused(ResourceExistsError, "TaskExists", lambda: client.create_task(ID, tasks[0]))
    assert len({t.id for t in client.list_tasks(ID, max_results=100, select=["id"])}) == 450
    until("all completed", 60, lambda: client.get_job_task_counts(ID).task_counts.completed == 450)
    assert client.get_job_task_counts(ID).task_slot_counts.succeeded == 450


@step("task: its file, its properties, what cannot be done with it any more")
def _():
    assert b"".join(client.download_task_file(ID, "t5", "stdout.txt")) == b"t5\n"
    assert client.get_task_file_properties(ID, "t5", "stdout.txt").content_length == 3
    assert "wd" in [f.name for f in client.list_task_files(ID, "t5")]
    refused(ResourceExistsError, "TaskSucceeded", lambda: client.reactivate_task(ID, "t5"))
    refused(ResourceExistsError, "TaskCompleted", lambda: client.terminate_task(ID, "t5"))
    client.delete_task(ID, "t5")
    refused(ResourceNotFoundError, "TaskNotFound", lambda: client.get_task(ID, "t5"))
    action = models.ExitConditions(default=models.ExitOptions(job_action="terminate"))
    refused(HttpResponseError, "InvalidPropertyValue", lambda: client.create_task(
        ID, models.BatchTaskCreateOptions(id="act", command_line="/bin/true", exit_conditions=action)))


@step("nodes: counts, what is not here says so, removal by a poller")
def _():
    counts = [c for c in client.list_pool_node_counts() if c.pool_id == ID]
    assert counts[0].dedicated.total == 1, counts
    node = next(iter(client.list_nodes(ID))).id
    refused(HttpResponseError, "NotImplemented", lambda: client.begin_start_node(ID, node))
    client.begin_remove_nodes(ID, models.BatchNodeRemoveOptions(node_ids=[node]), polling_interval=0.2).result()
    until("no node", 20, lambda: not list(client.list_nodes(ID)))


@step("job and schedule: disable, enable, terminate, delete by pollers")
def _():
    client.create_job_schedule(models.BatchJobScheduleCreateOptions(
        id=ID + "-s", schedule=models.BatchJobScheduleConfiguration(recurrence_interval=datetime.timedelta(minutes=1)),
        job_specification=models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id=ID))))
    assert [j.id for j in client.list_jobs_from_schedule(ID + "-s")] == [f"{ID}-s:job-1"]
    client.begin_delete_job_schedule(ID + "-s", polling_interval=0.2).result()
    client.begin_disable_job(ID, models.BatchJobDisableOptions(disable_tasks="requeue"), polling_interval=0.2).result()
    assert client.get_job(ID).state == "disabled"
    client.begin_enable_job(ID, polling_interval=0.2).result()
    # This client cannot terminate without options, and does not export their class.
    client.begin_terminate_job(ID, {"terminateReason": "enough"}, polling_interval=0.2).result()
    job = client.get_job(ID)
    assert job.state == "completed" and job.execution_info.termination_reason == "enough", job
    client.begin_delete_job(ID, force=True, polling_interval=0.2).result()
    client.begin_delete_pool(ID, polling_interval=0.2).result()
    refused(ResourceNotFoundError, "PoolNotFound", lambda: client.get_pool(ID))


done()
