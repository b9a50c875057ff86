# Run Airflow's scheduler, and the services that it needs, on an empty database:
# `run_airflow_services.sh PORT`. A task that starts before the API server would fail, and Airflow
# would wait for its retry delay.
airflow db migrate
airflow api-server &
until (: < "/dev/tcp/127.0.0.1/$1"); do sleep 0.5; done
airflow dag-processor &
exec airflow scheduler
