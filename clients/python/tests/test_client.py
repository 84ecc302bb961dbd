"""The REST client beside a real server."""

import base64
import json
import ssl
import urllib.error
import urllib.request
import zlib

import pytest
import scoria
from at_once import at_once
from cluster import IMAGE


@pytest.fixture
def job(client, request):
    """A job on the pool of two nodes, gone afterwards."""
    name = f"job-{zlib.crc32(request.node.nodeid.encode()) % 10**9}"
    client.jobs.add({"id": name, "poolInfo": {"poolId": "two"}})
    yield name
    client.jobs.delete(name)


@pytest.fixture
def container(client, request):
    name = f"c{zlib.crc32(request.node.nodeid.encode()) % 10**9:09d}"
    client.blobs.create_container(name)
    yield name
    client.blobs.delete_container(name)


# ---- pools, jobs, tasks --------------------------------------------------------------------------------------------------------

def test_a_pool_is_added_resized_listed_and_deleted(client):
    client.pools.add({"id": "grows", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 0, "virtualMachineConfiguration": IMAGE})
    client.pools.resize("grows", 1)
    assert client.pools.wait("grows", timeout=60)["currentDedicatedNodes"] == 1
    assert len(list(client.pools.nodes("grows"))) == 1
    assert {"grows", "two"} <= {pool["id"] for pool in client.pools.list(select="id")}
    assert [pool["id"] for pool in client.pools.list(filter="startswith(id, 'gro')")] == ["grows"]
    with pytest.raises(scoria.ServiceError) as twice:
        client.pools.add({"id": "grows", "vmSize": "standard_a1_v2", "virtualMachineConfiguration": IMAGE})
    assert (twice.value.status, twice.value.code) == (409, "PoolExists")
    client.pools.delete("grows")


def test_a_task_runs_and_its_files_are_read(client, job):
    client.tasks.add(job, {"id": "a", "commandLine": "/bin/sh -c 'echo out; echo no >&2; echo more > more.txt; exit 3'"})
    (task,) = client.tasks.wait(job, timeout=60)
    assert task["executionInfo"]["exitCode"] == 3
    assert client.tasks.read_file(job, "a", "stdout.txt") == b"out\n"
    assert client.tasks.read_file(job, "a", "stdout.txt", offset=1) == b"ut\n"
    assert client.tasks.read_file(job, "a", "stdout.txt", offset=99) == b""
    assert {"stdout.txt", "stderr.txt", "wd/more.txt"} <= {file["name"] for file in client.tasks.files(job, "a")}
    assert client.jobs.task_counts(job)["taskCounts"]["failed"] == 1


def test_a_job_and_a_task_are_terminated(client, job):
    client.tasks.add_collection(job, [{"id": name, "commandLine": "sleep 300"} for name in ("a", "b")])
    with pytest.raises(TimeoutError, match="tasks a of job .* did not complete within 0.2 s"):
        client.tasks.wait(job, ["a"], timeout=0.2)
    client.tasks.terminate(job, "a")
    assert client.tasks.wait(job, ["a"], timeout=60)[0]["executionInfo"]["result"] == "failure"
    client.tasks.delete(job, "a")
    assert [task["id"] for task in client.tasks.list(job, select="id")] == ["b"]
    client.jobs.terminate(job, reason="enough")
    assert client.jobs.wait(job, timeout=60)["executionInfo"]["terminateReason"] == "enough"


def test_long_lists_come_page_by_page(client):
    client.jobs.add({"id": "many", "poolInfo": {"poolId": "two"}})
    try:
        client.jobs.disable("many")  # nothing of it runs
        tasks = [{"id": f"t{i:04d}", "commandLine": "true"} for i in range(1100)]
        results = client.tasks.add_collection("many", tasks)
        assert len(results) == 1100 and all(result["status"].lower() == "success" for result in results)
        assert sorted(task["id"] for task in client.tasks.list("many", select="id")) == [task["id"] for task in tasks]
    finally:
        client.jobs.delete("many")


def test_one_wrong_task_of_a_collection_stops_no_other(client, job):
    results = client.tasks.add_collection(job, [{"id": "good", "commandLine": "true"}, {"id": "bad name!", "commandLine": "true"}])
    assert [result["status"].lower() for result in results] == ["success", "clienterror"]


# ---- storage -------------------------------------------------------------------------------------------------------------------

def test_blobs_are_put_listed_read_and_deleted(client, container, tmp_path):
    names = ["empty", "folder/ü 100% #?&+.txt", "z"]
    for name in names:
        client.blobs.put(container, name, name.encode() if name != "empty" else b"")
    assert [blob.name for blob in client.blobs.list(container)] == names
    assert list(client.blobs.list(container, prefix="folder/")) == [scoria.Blob(names[1], len(names[1].encode()))]
    assert client.blobs.get(container, names[1]) == names[1].encode()
    client.blobs.download(container, names[1], tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == names[1].encode()
    client.blobs.delete(container, "z")
    assert client.blobs.exists(container, "empty") and not client.blobs.exists(container, "z")
    with pytest.raises(scoria.ServiceError, match="z") as gone:
        client.blobs.get(container, "z")
    assert (gone.value.status, gone.value.code) == (404, "BlobNotFound")
    with pytest.raises(scoria.ServiceError):
        client.blobs.download(container, "z", tmp_path / "none")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert container in list(client.blobs.containers(prefix="c"))


def test_a_large_file_goes_in_blocks(client, container, tmp_path):
    content = bytes(range(256)) * (4 * 1024 * 33)  # 33 MiB
    (tmp_path / "large").write_bytes(content)
    client.blobs.put(container, "large", tmp_path / "large")
    assert client.blobs.get(container, "large") == content


def test_a_blob_may_be_kept_from_being_overwritten(client, container):
    client.blobs.put(container, "once", b"1", overwrite=False)
    with pytest.raises(scoria.ServiceError) as there:
        client.blobs.put(container, "once", b"2", overwrite=False)
    assert there.value.status == 409 and client.blobs.get(container, "once") == b"1"
    client.blobs.create_container(container, exist_ok=True)
    with pytest.raises(scoria.ServiceError, match="ContainerAlreadyExists"):
        client.blobs.create_container(container)


def test_a_url_allows_what_it_says_and_no_more(cluster, client, container):
    client.blobs.put(container, "a b", b"content")
    tls = ssl.create_default_context(cafile=cluster.data / "tls" / "ca.pem")
    url = client.blobs.url(container, "a b")
    assert urllib.request.urlopen(url, context=tls).read() == b"content"
    change = urllib.request.Request(url, data=b"x", method="PUT", headers={"x-ms-blob-type": "BlockBlob"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(change, context=tls)


# ---- which server, and whose key ------------------------------------------------------------------------------------------------

@pytest.fixture
def shown(cluster):
    return json.loads(cluster.command("account", "show", "--json").stdout)


def test_the_server_is_found_as_the_program_finds_it(cluster, shown, tmp_path, monkeypatch):
    for name in ("SCORIA_SERVER", "SCORIA_PROFILE", "SCORIA_DATA", "SCORIA_ACCOUNT", "SCORIA_KEY"):
        monkeypatch.delenv(name, raising=False)

    def works(**arguments):
        return [pool["id"] for pool in scoria.Client(**arguments).pools.list()] == ["two"]

    profiles = tmp_path / "scoria" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "here.json").write_text(json.dumps(shown))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert works(profile="here") and works(profile=profiles / "here.json") and works(data=cluster.data)
    assert works(server=shown["batchUrl"], account=shown["accountName"], key=shown["accountKey"])
    assert works(server=shown["batchHttpsUrl"] + "/", account=shown["accountName"], key=shown["accountKey"], ca_file=shown["caFile"])
    monkeypatch.setenv("SCORIA_DATA", str(cluster.data))
    assert works()
    monkeypatch.setenv("SCORIA_PROFILE", "here")
    assert works()
    monkeypatch.setenv("SCORIA_SERVER", shown["batchUrl"])
    with pytest.raises(scoria.ScoriaError, match="SCORIA_ACCOUNT and SCORIA_KEY"):
        scoria.Client()
    monkeypatch.setenv("SCORIA_ACCOUNT", shown["accountName"])
    monkeypatch.setenv("SCORIA_KEY", shown["accountKey"])
    assert works()
    monkeypatch.delenv("SCORIA_SERVER")
    for name in ("SCORIA_PROFILE", "SCORIA_DATA"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "nothing"))
    with pytest.raises(scoria.ScoriaError, match="scoria server"):
        scoria.Client()
    with pytest.raises(scoria.ScoriaError, match="profile 'other'"):
        scoria.Client(profile="other")


def test_a_wrong_key_is_refused_and_no_key_is_shown(shown):
    key = base64.b64encode(b"k" * 32).decode()
    wrong = scoria.Client(shown["batchUrl"], account=shown["accountName"], key=key)
    with pytest.raises(scoria.ServiceError, match="AuthenticationFailed") as refused:
        wrong.pools.get("two")
    assert refused.value.status == 403
    told = repr(wrong) + repr(wrong._connection.account) + str(refused.value)
    assert key not in told and "kkkk" not in told
    with pytest.raises(scoria.ScoriaError, match="not base64"):
        scoria.Client(shown["batchUrl"], account="scoria", key="?")


def test_a_server_that_is_not_there_is_a_connect_error(tmp_path):
    gone = scoria.Client("http://127.0.0.1:9", account="scoria", key=base64.b64encode(b"k").decode())
    with pytest.raises(ConnectionError, match="http://127.0.0.1:9"):
        gone.pools.get("two")


def test_many_threads_share_a_client(client):
    wrong = []

    def ask():
        for _ in range(30):
            if client.pools.get("two", select="id")["id"] != "two":
                wrong.append(1)

    at_once(ask)
    assert not wrong
