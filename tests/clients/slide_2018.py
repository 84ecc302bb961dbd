"""The slides' program of 2018 (azure-batch 4.1.3): a pool with a formula, a job schedule, a job manager. Every minute a job."""

import azure.batch.batch_auth as batch_auth
import azure.batch.batch_service_client as batch_service
import azure.batch.models as batchmodels
from check import account, done, step, until

POOL, SCHEDULE = "slide-pool", "slide-schedule"
client = batch_service.BatchServiceClient(
    batch_auth.SharedKeyCredentials(account["accountName"], account["accountKey"]), account["batchUrl"])


@step("pool.add with a formula and a container configuration")
def _():
    client.pool.add(batchmodels.PoolAddParameter(
        id=POOL,
        vm_size="STANDARD_A1_V2",
        virtual_machine_configuration=batchmodels.VirtualMachineConfiguration(
            image_reference=batchmodels.ImageReference(
                publisher="microsoft-azure-batch", offer="ubuntu-server-container", sku="16-04-lts", version="latest"),
            container_configuration=batchmodels.ContainerConfiguration(container_image_names=["example/image:1"]),
            node_agent_sku_id="batch.node.ubuntu 16.04"),
        max_tasks_per_node=2,
        enable_auto_scale=True,
        auto_scale_evaluation_interval="PT5M",
        auto_scale_formula="$TargetDedicatedNodes = 1; $NodeDeallocationOption = taskcompletion;"))
    pool = client.pool.get(POOL)
    assert pool.max_tasks_per_node == 2, pool.max_tasks_per_node
    assert pool.target_dedicated_nodes == 1, pool.target_dedicated_nodes
    assert client.pool.exists(POOL)


@step("job_schedule.add with a job manager")
def _():
    # The slide runs its manager in an image; the server of this test runs containers on the host.
    job_manager = batchmodels.JobManagerTask(
        id="manager",
        command_line="/bin/bash -c 'echo managing $AZ_BATCH_JOB_ID $GREETING; test -n \"$AZ_BATCH_AUTHENTICATION_TOKEN\"'",
        container_settings=batchmodels.TaskContainerSettings(image_name="example/image:1"),
        environment_settings=[batchmodels.EnvironmentSetting(name="GREETING", value="hello")],
        authentication_token_settings=batchmodels.AuthenticationTokenSettings(access=[batchmodels.AccessScope.job]),
        kill_job_on_completion=True,
        run_exclusive=False)
    client.job_schedule.add(batchmodels.JobScheduleAddParameter(
        id=SCHEDULE,
        schedule=batchmodels.Schedule(recurrence_interval="PT1M"),
        job_specification=batchmodels.JobSpecification(
            pool_info=batchmodels.PoolInformation(pool_id=POOL), display_name="test_schedule", job_manager_task=job_manager)))
    got = client.job_schedule.get(SCHEDULE)
    assert got.state == batchmodels.JobScheduleState.active, got.state


def jobs():
    return sorted(client.job.list_from_job_schedule(SCHEDULE), key=lambda job: job.creation_time)


@step("two recurrences, a minute apart, that do not overlap")
def _():
    until("two jobs", 100, lambda: len(jobs()) >= 2)
    until("both completed", 30, lambda: all(j.state == batchmodels.JobState.completed for j in jobs()[:2]))
    first, second = jobs()[:2]
    assert [first.id, second.id] == [f"{SCHEDULE}:job-1", f"{SCHEDULE}:job-2"], (first.id, second.id)
    assert first.execution_info.terminate_reason == "JMComplete", first.execution_info.terminate_reason
    apart = (second.creation_time - first.creation_time).total_seconds()
    assert 55 < apart < 70, apart
    assert first.execution_info.end_time <= second.creation_time
    task = client.task.get(first.id, "manager")
    assert task.execution_info.exit_code == 0, task.execution_info
    text = b"".join(client.file.get_from_task(first.id, "manager", "stdout.txt")).decode()
    assert text == f"managing {first.id} hello\n", text


@step("disable, enable, terminate, delete")
def _():
    client.job_schedule.disable(SCHEDULE)
    assert client.job_schedule.get(SCHEDULE).state == batchmodels.JobScheduleState.disabled
    client.job_schedule.enable(SCHEDULE)
    assert client.job_schedule.get(SCHEDULE).state == batchmodels.JobScheduleState.active
    client.job_schedule.terminate(SCHEDULE)
    until("completed", 20, lambda: client.job_schedule.get(SCHEDULE).state == batchmodels.JobScheduleState.completed)
    client.job_schedule.delete(SCHEDULE)
    until("gone", 20, lambda: not client.job_schedule.exists(SCHEDULE))
    client.pool.delete(POOL)


@step("an error has its code")
def _():
    try:
        client.pool.get("missing")
    except batchmodels.BatchErrorException as error:
        assert error.error.code == "PoolNotFound", error.error.code
    else:
        raise AssertionError("was not refused")


done()
