"""azure-batch 14 (api-version 2022-10-01.16.0) and azure-storage-blob: a pool, files in and out, counts, paging, preemption."""

import datetime
import json
import subprocess
import urllib.request

from azure.batch import BatchServiceClient, batch_auth, models
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas
from check import account, done, step, until

client = BatchServiceClient(batch_auth.SharedKeyCredentials(account["accountName"], account["accountKey"]), account["batchUrl"])
blobs = BlobServiceClient(account["blobUrl"], credential={"account_name": account["accountName"], "account_key": account["accountKey"]},
                          connection_verify=account["caFile"])
IMAGE = models.VirtualMachineConfiguration(
    image_reference=models.ImageReference(publisher="canonical", offer="0001-com-ubuntu-server-focal", sku="20_04-lts"),
    node_agent_sku_id="batch.node.ubuntu 20.04")


def completed(job, task, seconds=30):
    return until(f"{task} completed", seconds, lambda: (lambda t: t if t.state == "completed" else None)(client.task.get(job, task)))


@step("pool and job")
def _():
    client.pool.add(models.PoolAddParameter(id="py", vm_size="standard_d2_v3", virtual_machine_configuration=IMAGE,
                                            target_dedicated_nodes=1, task_slots_per_node=4))
    client.job.add(models.JobAddParameter(id="py", pool_info=models.PoolInformation(pool_id="py")))
    until("an idle node", 30, lambda: [n for n in client.compute_node.list("py") if n.state == "idle"])


@step("blob: upload, range, list, container and account SAS")
def _():
    container = blobs.create_container("py-data")
    container.upload_blob("in/a.txt", b"alpha")
    container.upload_blob("in/deep/b.txt", b"beta")
    assert container.download_blob("in/a.txt").readall() == b"alpha"
    assert container.download_blob("in/a.txt", offset=1, length=3).readall() == b"lph"
    assert [b.name for b in container.list_blobs(name_starts_with="in/")] == ["in/a.txt", "in/deep/b.txt"]
    container.upload_blob("big", b"x" * (70 << 20), max_concurrency=2)
    assert container.get_blob_client("big").get_blob_properties().size == 70 << 20


def container_url(permission):
    sas = generate_container_sas(account["accountName"], "py-data", account_key=account["accountKey"],
                                 permission=ContainerSasPermissions.from_string(permission),
                                 expiry=datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1))
    return f"{account['blobUrl'].rstrip('/')}/py-data?{sas}"


@step("a task's files come and its outputs go, also when it fails")
def _():
    url = container_url("rwl")
    base, sas = url.split("?")
    client.task.add("py", models.TaskAddParameter(
        id="io", command_line="/bin/bash -c 'cat one.txt tree/in/a.txt tree/in/deep/b.txt > out.txt; mkdir -p r/s; echo x > r/s/x.csv; exit 5'",
        resource_files=[models.ResourceFile(http_url=f"{base}/in/a.txt?{sas}", file_path="one.txt"),
                        models.ResourceFile(storage_container_url=url, blob_prefix="in/", file_path="tree")],
        output_files=[
            models.OutputFile(file_pattern="out.txt", destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(container_url=url, path="results/io.txt")),
                upload_options=models.OutputFileUploadOptions(upload_condition="taskcompletion")),
            models.OutputFile(file_pattern="$AZ_BATCH_TASK_WORKING_DIR/r/s/*.csv", destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(container_url=url, path="by-path")),
                upload_options=models.OutputFileUploadOptions(upload_condition="taskcompletion")),
            models.OutputFile(file_pattern="r/**/*.csv", destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(container_url=url, path="tables")),
                upload_options=models.OutputFileUploadOptions(upload_condition="taskfailure")),
            models.OutputFile(file_pattern="../std*.txt", destination=models.OutputFileDestination(
                container=models.OutputFileBlobContainerDestination(container_url=url, path="logs")),
                upload_options=models.OutputFileUploadOptions(upload_condition="tasksuccess"))]))
    task = completed("py", "io")
    assert task.execution_info.exit_code == 5, task.execution_info
    container = blobs.get_container_client("py-data")
    assert container.download_blob("results/io.txt").readall() == b"alphaalphabeta"
    names = [b.name for b in container.list_blobs()]
    assert any(n.startswith("tables/") and n.endswith("x.csv") for n in names), names
    assert "by-path/x.csv" in names, names
    assert not any(n.startswith("logs/") for n in names), names


@step("a resource file that is not there fails the task by name")
def _():
    base, sas = container_url("rl").split("?")
    client.task.add("py", models.TaskAddParameter(id="lost", command_line="true", resource_files=[
        models.ResourceFile(http_url=f"{base}/in/none.txt?{sas}", file_path="none.txt")]))
    task = completed("py", "lost")
    assert task.execution_info.failure_info.code == "BlobNotFound", task.execution_info.failure_info
    assert task.execution_info.exit_code is None


@step("add_collection of a thousand, nested counts, pages, filters")
def _():
    tasks = [models.TaskAddParameter(id=f"n{i}", command_line="/bin/true") for i in range(1000)]
    client.task.add_collection("py", tasks[:100])
    for at in range(100, 1000, 100):
        client.task.add_collection("py", tasks[at:at + 100])
    until("all completed", 120, lambda: client.job.get_task_counts("py").task_counts.completed == 1002)
    counts = client.job.get_task_counts("py").task_counts
    assert (counts.succeeded, counts.failed) == (1000, 2), counts
    assert len(list(client.task.list("py", models.TaskListOptions(max_results=300)))) == 1002
    failed = list(client.task.list("py", models.TaskListOptions(filter="executionInfo/result eq 'failure'")))
    assert sorted(t.id for t in failed) == ["io", "lost"], [t.id for t in failed]


@step("a low-priority node that is preempted: its task is requeued and costs no retry")
def _():
    client.pool.add(models.PoolAddParameter(id="low", vm_size="standard_a1_v2", virtual_machine_configuration=IMAGE,
                                            target_low_priority_nodes=1))
    client.job.add(models.JobAddParameter(id="low", pool_info=models.PoolInformation(pool_id="low")))
    node = until("an idle node", 30, lambda: [n for n in client.compute_node.list("low") if n.state == "idle"])[0]
    assert node.is_dedicated is False
    client.task.add("low", models.TaskAddParameter(id="t", command_line="sleep 2"))
    until("running", 20, lambda: client.task.get("low", "t").state == "running")
    subprocess.run([account["program"], "node", "preempt", "low", node.id, "--data", account["data"]], check=True)
    task = completed("low", "t", 60)
    assert task.execution_info.requeue_count == 1, task.execution_info
    assert task.execution_info.retry_count == 0
    assert task.execution_info.result == "success", task.execution_info
    client.job.delete("low")
    client.pool.delete("low")


@step("node counts and supported images")
def _():
    counts = [c for c in client.account.list_pool_node_counts() if c.pool_id == "py"]
    assert counts and counts[0].dedicated.total == 1, counts
    assert any(i.node_agent_sku_id for i in client.account.list_supported_images())


@step("metrics and health are served")
def _():
    base = account["batchUrl"].rstrip("/")
    assert urllib.request.urlopen(base + "/readyz").status == 200
    assert urllib.request.urlopen(base + "/livez").status == 200
    text = urllib.request.urlopen(base + "/metrics").read().decode()
    assert "scoria_tasks" in text and "# TYPE" in text, text[:500]


@step("the command line speaks to the same server")
def _():
    def scoria(*arguments):
        return subprocess.run([account["program"], *arguments, "--data", account["data"]], check=True, capture_output=True, text=True).stdout

    scoria("job", "create", "cli", "--pool", "py")
    # Options stand before --, behind which the task's command begins.
    subprocess.run([account["program"], "task", "create", "cli", "--id", "t1", "--data", account["data"], "--", "echo", "it's", "a b"], check=True)
    completed("cli", "t1")
    assert scoria("task", "logs", "cli", "t1") == "it's a b\n"
    assert json.loads(scoria("task", "list", "cli", "--json"))[0]["state"] == "completed"
    assert "t1" in scoria("task", "list", "cli")


@step("clean")
def _():
    for job in ("py", "cli"):
        client.job.delete(job)
    client.pool.delete("py")
    until("gone", 60, lambda: not client.pool.exists("py"))


done()
