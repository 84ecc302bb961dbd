"""tritonclient[http], unmodified: metadata, tensors as JSON and as bytes, errors."""

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from served import done, records, same, step, url

client = triton.InferenceServerClient(url.removeprefix("http://"))


def inputs(is_binary, names=("area", "age", "floor", "heating", "lift")):
    made = []
    for name in names:
        values = [row[name] for row in records]
        kind, array = {
            str: ("BYTES", lambda: np.array([v.encode() for v in values], dtype=np.object_)),
            bool: ("BOOL", lambda: np.array(values, dtype=bool)),
            float: ("FP64", lambda: np.array(values, dtype=np.float64)),
        }[type(values[0])]
        tensor = triton.InferInput(name, [len(values)], kind)
        tensor.set_data_from_numpy(array(), binary_data=is_binary)
        made.append(tensor)
    return made


@step("the server and its models are live, ready and described")
def _():
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("forest") and client.is_model_ready("forest", "1") and not client.is_model_ready("none")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("forest")
    assert [one["name"] for one in metadata["inputs"]] == ["area", "age", "floor", "heating", "lift"], metadata


for is_binary_in in (False, True):
    for is_binary_out in (False, True):

        @step(f"tensors {'as bytes' if is_binary_in else 'in JSON'}, predictions {'as bytes' if is_binary_out else 'in JSON'}")
        def _():
            for service in ("forest", "linear"):
                wanted = [triton.InferRequestedOutput(client.get_model_metadata(service)["outputs"][0]["name"], binary_data=is_binary_out)]
                result = client.infer(service, inputs(is_binary_in), outputs=wanted, request_id="7")
                assert result.get_response()["id"] == "7"
                same(result.as_numpy(result.get_response()["outputs"][0]["name"]).tolist(), service)


@step("a compressed request is answered, or refused by its status")
def _():
    try:
        result = client.infer("forest", inputs(False), request_compression_algorithm="gzip")
        same(result.as_numpy("response").tolist(), "forest")
    except InferenceServerException as refused:
        assert refused.status() in ("400", "415"), refused


@step("what is wrong is said in the client's exception")
def _():
    for call, part in [
        (lambda: client.infer("none", inputs(True)), "none"),
        (lambda: client.infer("forest", inputs(True, ("area",))), "'age' is missing"),
        (lambda: client.infer("forest", inputs(True), outputs=[triton.InferRequestedOutput("x")]), "there is no output 'x'"),
    ]:
        try:
            call()
        except InferenceServerException as refused:
            assert part in refused.message(), refused.message()
        else:
            raise AssertionError(f"was answered; should say {part}")


done()
