"""Makes this example: readings of 3 devices with 5 sensors each, a model for each sensor, and scikit-learn's own answer.

python make.py    needs numpy and scikit-learn; writes data/, models/ and expected.csv.gz in this folder, the same every time.
"""

import datetime
import gzip
import os
import pickle

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

os.chdir(os.path.dirname(os.path.abspath(__file__)))
random = np.random.default_rng(20181204)
SECONDS = 5
READINGS = 360  # half an hour
LEVELS = {1: 12.5, 2: 35.0, 3: 62.5, 4: 82.5, 5: 105.0}
SPREADS = {1: 0.8, 2: 1.5, 3: 0.8, 4: 0.8, 5: 1.6}


def normal(device, sensor, count):
    """A slow swing around the sensor's level, and noise that remembers."""
    noise = np.zeros(count)
    for i in range(1, count):
        noise[i] = 0.8 * noise[i - 1] + random.normal(0, 0.6)
    swing = 0.6 * np.sin(np.arange(count) * 2 * np.pi / 300 + device + 2 * sensor)
    return LEVELS[sensor] + SPREADS[sensor] * (0.7 * noise + swing)


def disturbed(device, sensor, values):
    """What goes wrong: spikes, a level that jumps for a while, a drift, and a sensor that was exchanged since its model was fitted."""
    spread = SPREADS[sensor]
    for at in random.choice(len(values), 3, replace=False):
        values[at] += random.choice([-1, 1]) * spread * random.uniform(4, 7)
    if (device, sensor) == (1, 3):
        values[180:215] += 4.5 * spread
    if (device, sensor) == (2, 2):
        values[240:] += np.linspace(0, 7, len(values) - 240) * spread
    if (device, sensor) == (3, 1):
        values[100:130] = values[100]
        values[100:130] -= 5 * spread
    if (device, sensor) == (3, 4):
        values += 6 * spread
    return values


os.makedirs("data", exist_ok=True)
os.makedirs("models", exist_ok=True)
start = datetime.datetime(2026, 11, 2, 6)
rows = []
models = {}
for device in (1, 2, 3):
    for sensor in LEVELS:
        past = normal(device, sensor, 1500).round(2)
        model = Pipeline([("scale", StandardScaler()), ("flag", OneClassSVM(nu=0.004, gamma=0.02))])
        models[device, sensor] = model.fit(past.reshape(-1, 1))
        with open(f"models/model_{device}_{sensor}", "wb") as file:
            pickle.dump(model, file, protocol=4)
        values = disturbed(device, sensor, normal(device, sensor, READINGS)).round(2)
        for i, value in enumerate(values):
            if random.uniform() < 0.03:
                continue  # not every reading arrives
            time = start + datetime.timedelta(seconds=SECONDS * i)
            rows.append((time.strftime("%Y-%m-%d %H:%M:%S.000"), device, sensor, float(value)))
rows.sort()
with open("data/readings.csv", "w") as file:
    file.write("TS,Device,Sensor,Value\n")
    file.writelines(f"{time},{device},{sensor},{value!r}\n" for time, device, sensor, value in rows)

lines = ["TS,Device,Sensor,Val,Prediction,decision\n"]
for time, device, sensor, value in rows:
    model = models[device, sensor]
    flag = int(model.predict([[value]])[0] == -1)
    lines.append(f"{time},{device},{sensor},{value!r},{flag},{float(model.decision_function([[value]])[0])!r}\n")
with open("expected.csv.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
    packed.write("".join(lines).encode())
