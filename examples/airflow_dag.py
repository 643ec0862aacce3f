"""Load incident.io into PostgreSQL every morning. A retry resumes where the last try stopped.

/srv/incident has sync.sh and postgres.json, and the task writes state.json there. If there are several workers, it must
be on a shared disk. The key is the password of the Airflow connection `incident_io`. So Airflow hides it in its logs.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "incident_io",
    schedule="17 5 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # Two runs would share one state and the rate limit of one key.
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
):
    BashOperator(
        task_id="sync",
        bash_command="./sync.sh ~/.venvs/target-postgres/bin/target-postgres --config postgres.json",
        cwd="/srv/incident",
        env={"INCIDENT_API_KEY": "{{ conn.incident_io.password }}"},
        append_env=True,
    )
