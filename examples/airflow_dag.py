"""Every morning: incident.io into PostgreSQL. A retry resumes where the try before it stopped.

The folder, on a disk that all workers share or on the one worker, holds sync.sh and postgres.json; state.json will lie
there too. The key is the password of the Airflow connection `incident_io`, so that Airflow hides it in its logs.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    "incident_io",
    schedule="17 5 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,  # Two at once would share one key's quota, and one state.
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
):
    BashOperator(
        task_id="sync",
        bash_command="./sync.sh ~/.venvs/target-postgres/bin/target-postgres --config postgres.json",
        cwd="/srv/incident",
        env={"INCIDENT_API_KEY": "{{ conn.incident_io.password }}"},
        append_env=True,
    )
