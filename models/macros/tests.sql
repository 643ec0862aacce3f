{% test unique_together(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{% test within_range(model, column_name, least=none, most=none) %}
select {{ column_name }}
from {{ model }}
where 1 = 0
  {% if least is not none %}or {{ column_name }} < {{ least }}{% endif %}
  {% if most is not none %}or {{ column_name }} > {{ most }}{% endif %}
{% endtest %}
