"""Package metadata of tap-incident."""

from pathlib import Path

from setuptools import setup

TEST = ["hypothesis>=6.100,<7", "pytest>=8.3,<10", "pytest-xdist>=3.6,<4", "trustme>=1.1,<2"]

setup(
    name="tap-incident",
    version="1.1.0",
    description="Singer tap that extracts all an incident.io API key may read",
    long_description=Path(__file__).with_name("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    author="tap-incident contributors",
    keywords=["singer", "singer.io", "tap", "meltano", "elt", "incident.io", "incidents", "on-call"],
    # project_urls: once the project has a home.
    python_requires=">=3.10",
    install_requires=["singer-python>=6.1,<7", "requests>=2.31,<3", "backoff>=2.2,<3", "jsonschema>=2.6,<3"],
    extras_require={
        "test": TEST,
        "dev": [
            *TEST,
            "build>=1.2,<2",
            "duckdb>=1.1,<3",
            "import-linter>=2.1,<3",
            "jinja2>=3.1,<4",
            "mypy>=1.11,<3",
            "ruff>=0.6,<1",
            "setuptools>=69",
            "twine>=6,<8",
            "types-requests>=2.31,<3",
        ],
    },
    packages=[
        "tap_incident",
        *(f"tap_incident.{room}" for room in ("api", "assumptions", "protocol", "schemas", "streams", "sync")),
    ],
    # schemas/ lies at the top of the repository and is a folder of the package once installed.
    package_dir={"tap_incident.schemas": "schemas"},
    package_data={
        "tap_incident": ["py.typed", "*.json"],
        "tap_incident.assumptions": ["*.json"],
        "tap_incident.protocol": ["*.json"],
        "tap_incident.schemas": ["*.json", "shared/*.json"],
    },
    entry_points={"console_scripts": ["tap-incident=tap_incident.cli:command"]},
    classifiers=[
        "Environment :: Console",
        "Intended Audience :: Developers",
        *(f"Programming Language :: Python :: {version}" for version in ("3.10", "3.11", "3.12", "3.13", "3.14")),
        "License :: OSI Approved :: MIT License",
        "Operating System :: OS Independent",
        "Topic :: Database",
        "Typing :: Typed",
    ],
)
