# For CPUs and GPUs, where PyTorch comes with its own CUDA libraries:
#     docker build --tag i2ikit .
# On a base that has PyTorch and CUDA already:
#     docker build --tag i2ikit --build-arg BASE=pytorch/pytorch:2.11.0-cuda13.0-cudnn9-runtime .
# The smaller build of PyTorch for CPUs only, with the options of pip that pytorch.org shows:
#     docker build --tag i2ikit --build-arg TORCH="torch torchvision --index-url ADDRESS" .
# Train on the folder photos of the current directory; the workers of the data loading need the shared memory:
#     docker run --rm --gpus all --shm-size 8g --user "$(id -u)" --volume "$PWD:/work" i2ikit train enco/horse2zebra --data photos
ARG BASE=python:3.12-slim
FROM ${BASE}

ARG TORCH="torch torchvision"
ARG EXTRAS="export,metrics,tiff"

ENV PATH=/opt/i2ikit/bin:$PATH \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp

# The packages of the base stay visible, and system Pythons that refuse to be changed are left alone.
# hadolint ignore=DL3013
RUN python3 -m venv --system-site-packages /opt/i2ikit \
    && pip install ${TORCH}

# OpenCV without windows: the base has no libGL, which the package that mmengine asks for needs.
COPY . /src
# hadolint ignore=DL3013
RUN pip install "/src[${EXTRAS}]" \
    && pip uninstall --yes opencv-python \
    && pip install opencv-python-headless \
    && rm -rf /src

WORKDIR /work
USER 1000
ENTRYPOINT ["i2ikit"]
CMD ["--help"]
