#!/usr/bin/env python3
"""Package sets: R's from a repository made here, with old versions and an renv.lock; Python's from wheels made here; once per content, read-only, found by tasks of a pool and a job.

usage: package_set_test.py SCORIA FOLDER [--need-r]     without R its half says so and is left out; with --need-r that is a failure
"""
import base64
import hashlib
import json
import os
import pathlib
import shutil
import stat
import subprocess
import sys
import zipfile

from cluster import IMAGE, Cluster, Steps, conclude, until

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
FOLDER = pathlib.Path(sys.argv[2]).resolve() / "package_set"
HAS_R = shutil.which("Rscript") is not None
if "--need-r" in sys.argv and not HAS_R:
    sys.exit("package_set_test: Rscript is not in PATH")
step = Steps()


def build(what, directory=FOLDER, sets=FOLDER / "sets"):
    """(exit code, library or last words)"""
    done = subprocess.run([PROGRAM, "package-set", "build", what, "--folder", sets, "--directory", directory], capture_output=True, text=True, cwd=FOLDER)
    return done.returncode, (done.stdout.strip().partition("=")[2] if done.returncode == 0 else done.stderr), done.stderr


def r_package(name, version, depends=""):
    """A source package whose f() says which it is."""
    source = FOLDER / "source" / f"{name}-{version}" / name
    (source / "R").mkdir(parents=True)
    (source / "DESCRIPTION").write_text(f"Package: {name}\nVersion: {version}\nTitle: T\nDescription: D.\nLicense: GPL-3\nAuthor: A\nMaintainer: A <a@b.c>\n" + (f"Imports: {depends}\n" if depends else ""))
    (source / "NAMESPACE").write_text("export(f)\n" + (f"import({depends})\n" if depends else ""))
    (source / "R" / "f.R").write_text(f'f <- function() "{name} {version}"\n')
    subprocess.run(["R", "CMD", "build", source], cwd=source.parent, check=True, capture_output=True)
    return source.parent / f"{name}_{version}.tar.gz"


def wheel(folder, name, version):
    path = folder / f"{name}-{version}-py3-none-any.whl"
    files = {f"{name}.py": f"version = '{version}'\n", f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{name}-{version}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    record = "".join(f"{file},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},{len(text)}\n" for file, text in files.items())
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        archive.writestr(f"{name}-{version}.dist-info/RECORD", record + f"{name}-{version}.dist-info/RECORD,,\n")
    return path


def is_read_only(folder):
    return not any(path.lstat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) for path in pathlib.Path(folder).rglob("*") if not path.is_symlink())


def check_words():
    print("what is no package set")
    for what, told in {"": "there is no file", "perl: a": "there is no file", "r:": "names no package", "r: a;b": "'a;b' is no package's name", "python: --upgrade": "is no package's name",
                       '{"runtime": "r", "paquets": []}': 'no "paquets"', '{"runtime": "r", "packages": ["-x"]}': "is no package's name", '{"runtime": "r", "debian": ["bash"]}': "r-cran-",
                       '{"packages": ["a"]}': '"runtime"', "{": "no JSON", '{"runtime": "r", "files": ["none.tar.gz"]}': "none.tar.gz", '{"runtime": "r", "packages": ["a"], "repos": "x"}': "URLs"}.items():
        code, said, _ = build(what)
        step(f"'{what}'", code == 1 and told in said, said)


def check_r():
    print("R")
    place = FOLDER / "repository" / "src" / "contrib"
    (place / "Archive" / "inner").mkdir(parents=True)
    shutil.copy(r_package("inner", "1.0"), place / "Archive" / "inner")
    shutil.copy(r_package("inner", "2.0"), place)
    shutil.copy(r_package("outer", "1.5", "inner"), place)
    own = r_package("own", "0.1", "inner")
    subprocess.run(["Rscript", "-e", f"tools::write_PACKAGES('{place}', type = 'source')"], check=True, capture_output=True)
    url = f"file://{FOLDER}/repository"

    def said_by(library, expression):
        return subprocess.run(["Rscript", "-e", f"cat({expression})"], env=dict(os.environ, R_LIBS=library), capture_output=True, text=True).stdout

    code, newest, _ = build(json.dumps({"runtime": "r", "packages": ["outer"], "repos": url}))
    step("a package with what it needs", code == 0 and said_by(newest, "outer::f(), inner::f()") == "outer 1.5 inner 2.0", newest)
    step("is read-only", is_read_only(newest))
    code, again, said = build(json.dumps({"runtime": "r", "repos": [url], "packages": ["outer"]}))
    step("and is built once", code == 0 and again == newest and "building" not in said, said)
    lock = {"R": {"Version": "4.2.2", "Repositories": [{"Name": "CRAN", "URL": url}]},
            "Packages": {"outer": {"Package": "outer", "Version": "1.5", "Source": "Repository", "Repository": "CRAN"}, "inner": {"Package": "inner", "Version": "1.0", "Source": "Repository"}}}
    (FOLDER / "renv.lock").write_text(json.dumps(lock))
    code, locked, _ = build("renv.lock")
    step("an renv.lock gives its versions, archived ones too", code == 0 and said_by(locked, "outer::f(), inner::f()") == "outer 1.5 inner 1.0", locked)
    lock["Packages"]["inner"]["Version"] = "3.0"
    (FOLDER / "renv.lock").write_text(json.dumps(lock))
    code, said, _ = build("renv.lock")
    step("a version that is not to be had is named, with the places", code == 1 and "version 3.0 of package inner is not at" in said and "Archive/inner" in said, said)
    lock["Packages"]["inner"].update(Source="GitHub")
    (FOLDER / "renv.lock").write_text(json.dumps(lock))
    step("so is a source that is not known", "is from 'GitHub'" in build("renv.lock")[1])
    shutil.copy(own, FOLDER)
    code, from_file, _ = build(json.dumps({"runtime": "r", "files": ["own_0.1.tar.gz"], "repos": url}))
    step("a .tar.gz of one's own", code == 0 and said_by(from_file, "own::f(), inner::f()") == "own 0.1 inner 2.0", from_file)
    code, said, _ = build(json.dumps({"runtime": "r", "packages": ["no.such.package"], "repos": url}))
    step("a package that there is not is named", code == 1 and "not installed: no.such.package" in said and "whole log" in said, said)
    step("and leaves no half of a set", not list((FOLDER / "sets").glob("*.part")))
    return url, newest


def check_debian():
    code, library, _ = build(json.dumps({"runtime": "r", "debian": ["r-cran-iterators"]}))
    step("a Debian package, without installing it", code == 0 and (pathlib.Path(library) / "iterators" / "DESCRIPTION").exists(), library)


def check_python():
    print("Python")
    wheels = FOLDER / "wheels"
    wheels.mkdir()
    one, two = wheel(wheels, "marked", "1.0"), wheel(wheels, "marked", "2.0")

    def version(library):
        return subprocess.run(["python3", "-c", "import marked; print(marked.version, marked.__file__)"], env=dict(os.environ, PYTHONPATH=library), capture_output=True, text=True).stdout.split()

    (FOLDER / "requirements.txt").write_text(f"--no-index\n--find-links {wheels}\nmarked<2\n")
    code, library, _ = build("requirements.txt")
    step("a requirements.txt", code == 0 and version(library) == ["1.0", f"{library}/marked.py"], library)
    step("is read-only", code == 0 and is_read_only(library))
    code, from_file, _ = build(json.dumps({"runtime": "python", "files": [str(two)]}))
    step("a wheel of one's own", code == 0 and version(from_file)[0] == "2.0", from_file)
    elsewhere = FOLDER / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(two, elsewhere)
    step("is known again by its content", build(json.dumps({"runtime": "python", "files": [two.name]}), elsewhere)[1] == from_file)
    (FOLDER / "requirements.txt").write_text(f"--no-index\n--find-links {wheels}\nmarked==3\n")
    code, said, _ = build("requirements.txt")
    step("a version that is not to be had is named", code == 1 and "marked==3" in said, said)
    builders = [subprocess.Popen([PROGRAM, "package-set", "build", json.dumps({"runtime": "python", "files": [str(one)]}), "--folder", FOLDER / "sets"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [builder.communicate() for builder in builders]
    step("of four at once one builds", len({out for out, _ in outputs}) == 1 and sum("building it" in err for _, err in outputs) == 1, outputs)
    return two


def check_tasks(wheel_path, r_set):
    print("on a pool")
    folder = FOLDER / "cluster"
    folder.mkdir()
    cluster = Cluster(PROGRAM, folder)
    python_set = json.dumps({"runtime": "python", "files": [str(wheel_path)]})
    cluster.post("/pools", {"id": "p", "vmSize": "standard_a1_v2", "targetDedicatedNodes": 2, "taskSlotsPerNode": 2, "virtualMachineConfiguration": IMAGE,
                            "metadata": [{"name": "SCORIA_PACKAGE_SET", "value": python_set}]})
    cluster.post("/jobs", {"id": "j", "poolInfo": {"poolId": "p"}})
    line = "-c \"import marked; print(marked.version)\""
    tasks = {"plain": f"python3 {line}", "warm": f"scoria call-py {line}", "again": f"scoria call-py {line}"}
    for name, command in tasks.items():
        cluster.post("/jobs/j/tasks", {"id": name, "commandLine": command})
    cluster.post("/jobs/j/tasks", {"id": "missing", "commandLine": "python3 -c 0", "environmentSettings": [{"name": "SCORIA_PACKAGE_SET", "value": "python: --nothing"}]})
    if r_set:
        cluster.post("/jobs", {"id": "r", "poolInfo": {"poolId": "p"}, "commonEnvironmentSettings": [{"name": "SCORIA_PACKAGE_SET", "value": r_set}]})
        (FOLDER / "outer.R").write_text("cat(outer::f())")
        cluster.post("/jobs/r/tasks", {"id": "plain", "commandLine": f"Rscript {FOLDER / 'outer.R'}"})
        cluster.post("/jobs/r/tasks", {"id": "warm", "commandLine": f"scoria call-r --preload outer {FOLDER / 'outer.R'}"})

    def done(job):
        listed = cluster.get(f"/jobs/{job}/tasks")["value"]
        return all(task["state"] == "completed" for task in listed) and {task["id"]: task["executionInfo"] for task in listed}

    def output(job, task):
        return next((folder / "data" / "nodes" / "p").glob(f"*/workitems/{job}/job-1/{task}/stdout.txt")).read_text()

    ended = until("the tasks", lambda: done("j"), 60)
    for name in tasks:
        step(f"Python's set of the pool: task {name}", ended[name].get("exitCode") == 0 and output("j", name) == "2.0\n", ended[name])
    failure = ended["missing"].get("failureInfo", {})
    step("a set that cannot be had fails its task, and says why", failure.get("code") == "PackageSetFailed" and "--nothing" in failure.get("message", ""), failure)
    if r_set:
        ended = until("R's tasks", lambda: done("r"), 60)
        for name in ("plain", "warm"):
            step(f"R's set of the job: task {name}", ended[name].get("exitCode") == 0 and output("r", name) == "outer 1.5", ended[name])
    sets = list((folder / "data" / "nodes" / "p" / ".package-sets").glob("*/library"))
    step("nodes of the machine share them", len(sets) == (2 if r_set else 1), sets)
    cluster.end()


def remove(folder):
    if folder.exists():
        subprocess.run(["chmod", "-R", "u+w", folder])
        shutil.rmtree(folder)


remove(FOLDER)
FOLDER.mkdir(parents=True)
check_words()
r_set = None
if HAS_R:
    url, _ = check_r()
    r_set = json.dumps({"runtime": "r", "packages": ["outer"], "repos": url})
    if "--debian" in sys.argv:
        check_debian()
else:
    print("R: skipped, there is no Rscript here")
check_tasks(check_python(), r_set)
subprocess.run(["chmod", "-R", "u+w", FOLDER])
conclude("package_set_test", step.passed, step.failed, FOLDER)
